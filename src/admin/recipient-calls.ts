import { ShapeError } from '../graph/shape.ts'
import { parseDomain } from '../mail/domain.ts'
import { type Mailbox, parseMailbox } from '../mail/path.ts'
import { bodyAsJson } from './bodies.ts'
import type { Calls } from './calls.ts'
import type { Operations } from './operations.ts'

/** What one answer may list. */
const mostRows = 10_000

/** The calls of checks of recipients: what they remember, to forget it, and to ask now. */
export function recipientCalls({ app, needs }: Calls, { recipients }: Operations): void {
  app.get('/v1/recipients', needs('read'), (c) => {
    const [address, domain] = [c.req.query('address') ?? null, c.req.query('domain') ?? null]
    const limit = Number(c.req.query('limit') ?? 100)
    if (!Number.isInteger(limit) || limit < 1) throw new ShapeError('limit', 'a number from 1', c.req.query('limit'))
    const rows = recipients.cache({
      mailbox: address === null ? null : mailboxOf(address, 'address'),
      domain: domain === null ? null : domainOf(domain, 'domain'),
      limit: Math.min(limit, mostRows),
    })
    return c.json({ checks: recipients.checks(), rows })
  })
  app.get('/v1/recipients/sizes', needs('read'), (c) => c.json({ sizes: recipients.sizes() }))
  app.post('/v1/recipients/flush', needs('overlay'), async (c) => {
    const body = fieldsOf(await bodyAsJson(c.env.incoming))
    const [address, domain, all] = [body.get('address'), body.get('domain'), body.get('all')]
    if ([address, domain, all].filter((one) => one !== undefined).length !== 1)
      throw new ShapeError('body', 'one of address, domain and all', [...body.keys()].join(', '))
    if (address !== undefined)
      return c.json({ flushed: recipients.flush({ kind: 'address', mailbox: mailboxOf(address, 'address') }) })
    if (domain !== undefined)
      return c.json({ flushed: recipients.flush({ kind: 'domain', domain: domainOf(domain, 'domain') }) })
    if (all !== true) throw new ShapeError('all', 'true', all)
    return c.json({ flushed: recipients.flush({ kind: 'all' }) })
  })
  // It asks others, and what they say is remembered.
  app.post('/v1/recipients/verify', needs('overlay'), async (c) => {
    const mailbox = mailboxOf(fieldsOf(await bodyAsJson(c.env.incoming)).get('address'), 'address')
    const verified = await recipients.verify(mailbox)
    if (verified !== null) return c.json(verified)
    return c.json({ error: `no check of recipients is asked for ${mailbox.domain}` }, 404)
  })
}

const fieldsOf = (body: unknown): ReadonlyMap<string, unknown> => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new ShapeError('body', 'an object', body)
  return new Map(Object.entries(body))
}

function mailboxOf(value: unknown, where: string): Mailbox {
  const mailbox = typeof value === 'string' ? parseMailbox(value) : null
  if (mailbox?.ok === true) return mailbox.value
  throw new ShapeError(where, 'an address such as ann@corp.example', value)
}

function domainOf(value: unknown, where: string): string {
  const domain = typeof value === 'string' ? parseDomain(value) : null
  if (domain?.ok === true) return domain.value
  throw new ShapeError(where, 'a domain such as corp.example', value)
}
