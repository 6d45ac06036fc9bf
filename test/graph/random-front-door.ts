import fc from 'fast-check'
import type { ClientEntry, DenyRule, DnsblEntry, Document } from '../../src/config/document.ts'
import type { Said } from '../compile/a-document.ts'
import { randomDocument, randomQuestion } from './random-document.ts'

/** Documents and questions that know of TLS, logins, certificates, HELO, weights, and rules that only look on. */

const fingers = ['a', 'b'].map((digit) => `sha256:${digit.repeat(64)}`)
const loginPatterns = ['*', '*@a.test', '*@b.test', 'ann@a.test', 'bob@b.test', 'eve']
const heloPatterns = ['*', '*.test', 'a.test', '*.a.test', 'x.a.test']
const logins = ['ann@a.test', 'bob@a.test', 'bob@b.test', 'eve', 'eve@c.test', '"x@a.test"@b.test']
const helos = ['a.test', 'X.A.test', 'x.a.test.', 'test', '[192.0.2.1]', 'b.example']

const maybe = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined })
const several = (values: readonly string[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 })

const networks = ['10.0.0.0/8', '10.1.0.0/16', '192.0.2.0/24', '2001:db8::/32']
const mode = fc.constantFrom('offered' as const, 'required' as const, 'implicit' as const)
/** Half of the listeners have TLS, half a login, some are for a few networks alone. */
const randomLine = fc.record({
  tls: fc.option(mode, { nil: undefined, freq: 2 }),
  login: fc.option(fc.record({ required: fc.boolean(), clear: several(networks) }), { nil: undefined, freq: 2 }),
  allowFrom: fc.option(several(networks), { nil: undefined, freq: 2 }),
})
const certificates = [{ at: 'certificates.main', name: 'main', certificate: '/main.pem', key: '/main.key' }]
const credentials = [
  {
    at: 'credentials[0]',
    id: 'file',
    kind: 'file' as const,
    path: '/users',
    cramKey: null,
    timeoutMs: 1000,
    onError: 'defer' as const,
    cacheMs: 0,
  },
]

const more = fc.record({
  known: fc.infiniteStream(fc.constantFrom('networks', 'networks', 'logins', 'certificates')),
  patterns: fc.infiniteStream(fc.tuple(several(loginPatterns), several(['*', ...fingers]))),
  tls: fc.infiniteStream(maybe(['required'] as const)),
  rules: fc.infiniteStream(
    fc.record({
      helo: fc.option(several(heloPatterns), { nil: undefined, freq: 2 }),
      logins: fc.option(several(loginPatterns), { nil: undefined, freq: 2 }),
      tls: maybe(['none'] as const),
      mode: maybe(['observe'] as const),
    }),
  ),
  lists: fc.infiniteStream(
    fc.record({
      weight: maybe([1, 2, 3]),
      kind: maybe(['allow'] as const),
      mode: maybe(['observe'] as const),
      tags: fc.boolean(),
    }),
  ),
  threshold: fc.integer({ min: 1, max: 6 }),
  lines: fc.infiniteStream(randomLine),
})

const next = <T>(stream: { next(): IteratorResult<T> }): T => stream.next().value as T
/** Without what is not said. */
type Written<T> = { [K in keyof T]?: Exclude<T[K], undefined> }
const written = <T extends object>(part: T): Written<T> =>
  Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined)) as Written<T>

export const randomFrontDoor: fc.Arbitrary<Document> = fc.tuple(randomDocument, more).map(([document, random]) => {
  const taken = new Set<string>()
  const fresh = (patterns: readonly string[]) => patterns.filter((one) => !taken.has(one) && taken.add(one))
  const clients = document.clients.map((client): ClientEntry => {
    const [byLogin, byCertificate] = next(random.patterns)
    const tls = written({ tls: next(random.tls) })
    switch (next(random.known)) {
      case 'logins':
        return {
          ...client,
          ...tls,
          networks: [],
          logins: fresh(byLogin).map((login) => ({ login, at: `${client.at}.${login}` })),
        }
      case 'certificates':
        return {
          ...client,
          ...tls,
          networks: [],
          certificates: fresh(byCertificate.map((one) => `c ${one}`)).map((one) => ({
            certificate: one.slice(2),
            at: `${client.at}.${one}`,
          })),
        }
      default:
        return { ...client, ...tls }
    }
  })
  const deny = document.deny.map((rule): DenyRule => {
    const { mode, ...asked } = next(random.rules)
    const when = rule.when.destination === null ? { ...rule.when, ...written(asked) } : rule.when
    return { ...rule, ...written({ mode }), when }
  })
  const dnsbl = document.dnsbl.map((list): DnsblEntry => {
    const { tags, kind, mode, weight } = next(random.lists)
    return {
      ...list,
      ...written({ kind, weight, mode: kind === 'allow' ? undefined : mode }),
      onListed: tags ? { tag: 'odd' } : list.onListed,
    }
  })
  const listeners = document.listeners.map((one) => {
    const { tls, login, allowFrom } = next(random.lines)
    const settings = { certificates: ['main'], minVersion: 'TLSv1.2' as const, ciphers: null, clientCa: null }
    return {
      ...one,
      ...(allowFrom === undefined ? {} : { allowFrom }),
      ...(tls === undefined ? {} : { tls: { mode: tls, ...settings } }),
      ...(login === undefined
        ? {}
        : { login: { required: login.required, mechanisms: ['PLAIN' as const], clearTextFrom: login.clear } }),
    }
  })
  return {
    ...document,
    listeners,
    certificates,
    credentials,
    clients,
    deny,
    dnsbl,
    dnsblThreshold: random.threshold,
  }
})

export const frontDoorQuestion: fc.Arbitrary<Said> = fc
  .tuple(
    randomQuestion,
    fc.record(
      {
        tls: fc.boolean(),
        login: fc.constantFrom(...logins),
        certificate: fc.constantFrom(...fingers, `sha256:${'c'.repeat(64)}`),
        helo: fc.constantFrom(...helos),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([question, line]) => ({ ...question, ...line }))
