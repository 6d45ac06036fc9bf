import { line, record, text, whole } from '../graph/shape.ts'
import { bodyAsJson } from './bodies.ts'
import type { Calls } from './calls.ts'
import type { SuspendRequest } from './destination-operations.ts'
import type { Operations } from './operations.ts'

const pattern = text(/^[!-~]{1,300}$/, 'a next hop as `mailgw dest list` names it, or a pattern of domains')
const suspension = record({ pattern, owner: line, reason: line, until: whole(0, Number.MAX_SAFE_INTEGER) })
const meant = record({ pattern })

const limit = 64 * 1024

/** The calls below `/v1/destinations`: what next hops are like, and what operators do to them. */
export function destinationCalls({ app, needs }: Calls, { destinations }: Pick<Operations, 'destinations'>): void {
  app.get('/v1/destinations', needs('read'), (c) => {
    const wanted = c.req.query('pattern') ?? '*'
    pattern(wanted, 'pattern')
    return c.json({ destinations: destinations.list(wanted) })
  })
  app.post('/v1/destinations/suspend', needs('overlay'), async (c) => {
    const body = await bodyAsJson(c.env.incoming, limit)
    suspension(body, 'suspension')
    const added = await destinations.suspend(body as SuspendRequest, c.get('identity'))
    return added.ok ? c.json(added.value, 201) : c.json({ error: added.error }, 422)
  })
  app.post('/v1/destinations/resume', needs('overlay'), async (c) => {
    const body = await bodyAsJson(c.env.incoming, limit)
    meant(body, 'resume')
    return c.json({ resumed: await destinations.resume((body as { pattern: string }).pattern, c.get('identity')) })
  })
  app.post('/v1/destinations/reset', needs('overlay'), async (c) => {
    const body = await bodyAsJson(c.env.incoming, limit)
    meant(body, 'reset')
    return c.json({ reset: await destinations.reset((body as { pattern: string }).pattern, c.get('identity')) })
  })
}
