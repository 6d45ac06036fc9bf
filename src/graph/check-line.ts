import { parseGreeting } from '../mail/greeting-template.ts'
import { mechanisms } from '../mail/login-settings.ts'
import { isSorted } from './check-order.ts'
import { patternCheck } from './check-pattern.ts'
import type { Control } from './control.ts'
import { type Check, listOf, oneOf, orNull, record, ShapeError, text, whole } from './shape.ts'

/** The shapes of what a graph says of lines, certificates and bans; a gateway does not take the compiler's word for it. */

const name = text(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}$/, 'a name')
const file = text(/^\/[^\x00-\x1f\x7f]{1,4000}$/, 'an absolute path')
const count = whole(0, 2 ** 31)
const ms = whole(0, Number.MAX_SAFE_INTEGER)
const networks = listOf(patternCheck('client'), 100_000)
const mechanism = oneOf(...mechanisms)

const greeting: Check = (value, where) => {
  const template = typeof value === 'string' ? parseGreeting(value) : null
  if (!template?.ok) throw new ShapeError(where, 'the template of a greeting', value)
}

export const listenerLine = {
  tls: record({
    mode: oneOf('offered', 'required', 'implicit'),
    certificates: listOf(name, 1000),
    minVersion: oneOf('TLSv1.2', 'TLSv1.3'),
    ciphers: orNull(text(/^[A-Za-z0-9_+:!@=.-]{1,500}$/, 'a list of ciphers')),
    clientCa: orNull(file),
  }),
  login: record({
    required: oneOf(true, false),
    mechanisms: listOf(mechanism, mechanisms.length),
    clearTextFrom: networks,
  }),
  proxy: record({ from: networks, timeoutMs: ms }),
  xclient: networks,
  greeting,
  greetingEnvironment: listOf(text(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, 'an environment variable'), 100),
  greetingDelayMs: ms,
  earlyTalkers: oneOf('refuse', 'observe'),
  addresses: oneOf('strict', 'loose'),
  lineEndings: oneOf('strict', 'mend'),
  vrfy: networks,
  time: oneOf(true),
  helo: oneOf('refuse'),
}

export const certificates = listOf(record({ name, certificate: file, key: file }), 1000)

export const bans = record({
  failures: orNull(count),
  unknownRecipients: orNull(count),
  protocolErrors: orNull(count),
  httpRequests: orNull(count),
  windowMs: ms,
  forMs: ms,
  maxMs: ms,
  except: networks,
  delay: orNull(record({ firstMs: ms, maxMs: ms })),
  lockOut: orNull(record({ failures: count, windowMs: ms, forMs: ms })),
})

/** What listeners name is there: a gateway that cannot find a certificate finds it out before it serves. */
export function checkLines({ listeners, certificates = [], credentials = [] }: Control, where: string): void {
  const names = certificates.map((one) => one.name)
  if (!isSorted(names)) throw new ShapeError(`${where}.certificates`, 'names sorted, each once', certificates)
  const ids = credentials.map(({ id }) => id)
  if (new Set(ids).size < ids.length) throw new ShapeError(`${where}.credentials`, 'each id once', ids)
  for (const { name, tls, login } of listeners) {
    const at = `${where}.listeners (${name})`
    if (tls !== undefined && tls.certificates.length === 0) throw new ShapeError(`${at}.tls`, 'a certificate', null)
    const missing = tls?.certificates.find((one) => !names.includes(one))
    if (missing !== undefined) throw new ShapeError(`${at}.tls.certificates`, 'a certificate that is there', missing)
    if (login !== undefined && credentials.length === 0) throw new ShapeError(`${at}.login`, 'credentials', null)
    if (login !== undefined && tls === undefined && login.clearTextFrom.length === 0)
      throw new ShapeError(`${at}.login`, 'TLS, or networks that log in without it', null)
  }
}
