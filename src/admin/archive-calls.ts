import { resurrectRequest } from './archive-operations.ts'
import { bodyAsJson } from './bodies.ts'
import type { Calls } from './calls.ts'
import type { Operations } from './operations.ts'

const maxRequestBytes = 4 * 1024 * 1024

/** The calls of the archive: they move mail, as those of the queue do. */
export function archiveCalls({ app, needs }: Calls, { archive }: Pick<Operations, 'archive'>): void {
  app.post('/v1/archive/resurrect', needs('queue'), async (c) => {
    const request = resurrectRequest(await bodyAsJson(c.env.incoming, maxRequestBytes))
    const done = await archive.resurrect(request, c.get('identity'))
    return done === null
      ? c.json({ error: 'the document keeps no failed messages (archive.failed)' }, 422)
      : c.json(done)
  })
}
