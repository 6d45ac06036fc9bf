import { type Check, line, record, whole } from '../graph/shape.ts'
import { bodyAsJson } from './bodies.ts'
import type { Calls } from './calls.ts'
import type { Operations } from './operations.ts'
import type { OverlayRequest } from './overlay-store.ts'

const request = record({
  owner: line,
  reason: line,
  until: whole(0, Number.MAX_SAFE_INTEGER),
  // By its kind: the store reads it.
  restriction: (() => {}) as Check,
})

/** One overlay is a few hundred octets. */
const limit = 64 * 1024

/** The calls below `/v1/overlays`: restrictions of the moment. */
export function overlayCalls({ app, needs }: Calls, operations: Operations): void {
  app.get('/v1/overlays', needs('read'), (c) => c.json({ overlays: operations.overlays() }))
  app.post('/v1/overlays', needs('overlay'), async (c) => {
    const body = await bodyAsJson(c.env.incoming, limit)
    request(body, 'overlay')
    const added = await operations.addOverlay(body as OverlayRequest, c.get('identity'))
    return added.ok ? c.json(added.value, 201) : c.json({ error: added.error }, 422)
  })
  app.delete('/v1/overlays/:id', needs('overlay'), async (c) => {
    const id = c.req.param('id')
    const removed = await operations.removeOverlay(id, c.get('identity'))
    return removed === null ? c.json({ error: `there is no overlay ${id}` }, 404) : c.json(removed)
  })
}
