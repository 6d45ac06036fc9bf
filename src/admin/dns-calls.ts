import { line, orNull, record, ShapeError } from '../graph/shape.ts'
import { parseMailbox } from '../mail/path.ts'
import { bodyAsJson } from './bodies.ts'
import type { Calls } from './calls.ts'
import type { Operations } from './operations.ts'

const mostEntries = 10_000
const flushed = record({ name: orNull(line) })

/** The calls of names: what is kept of them, and which way mail takes. */
export function dnsCalls({ app, needs }: Calls, { dns }: Pick<Operations, 'dns'>): void {
  app.get('/v1/dns/cache', needs('read'), (c) => {
    const limit = Number(c.req.query('limit') ?? 1000)
    if (!Number.isInteger(limit) || limit < 1) throw new ShapeError('limit', 'a number from 1', c.req.query('limit'))
    const name = c.req.query('name') ?? null
    return c.json(dns.cache({ name, after: c.req.query('after') ?? null, limit: Math.min(limit, mostEntries) }))
  })
  app.post('/v1/dns/flush', needs('local'), async (c) => {
    const body = await bodyAsJson(c.env.incoming)
    flushed(body, 'flush')
    return c.json({ flushed: dns.flush((body as { name: string | null }).name, c.get('identity')) })
  })
  // It may ask name servers anything: that is for who stands at the machine.
  app.get('/v1/mx', needs('local'), async (c) => {
    const recipient = c.req.query('recipient') ?? ''
    const mailbox = parseMailbox(recipient)
    if (!mailbox.ok) throw new ShapeError('recipient', 'a mailbox', recipient)
    const from = c.req.query('from')
    const sender = from === undefined || from === '' ? null : parseMailbox(from)
    if (sender?.ok === false) throw new ShapeError('from', 'a mailbox, or nothing for the null reverse-path', from)
    return c.json(await dns.way(mailbox.value, from === undefined ? undefined : (sender?.value ?? null)))
  })
}
