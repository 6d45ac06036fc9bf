import { record, text } from '../graph/shape.ts'
import { bodyAsJson } from './bodies.ts'
import type { Calls } from './calls.ts'
import type { Operations } from './operations.ts'

const asked = record({ key: text(/^[0-9a-f]{64}$/, 'a key of 64 hex digits') })

/**
 * The call by which gateways are found that have different secrets under one reference. With the key of the caller a weak
 * secret could be guessed from its print; so it is for those who may activate a graph, and could have every secret sent
 * to a host of theirs anyway. Whoever may only read gets nothing to try guesses on.
 */
export function secretCalls({ app, needs }: Calls, { secrets }: Pick<Operations, 'secrets'>): void {
  app.post('/v1/secrets', needs('activate'), async (c) => {
    const body = await bodyAsJson(c.env.incoming, 1024)
    asked(body, 'secrets')
    const key = Buffer.from((body as { key: string }).key, 'hex')
    return c.json({ secrets: await secrets.prints(key) })
  })
}
