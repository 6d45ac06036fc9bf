import type { ClientEntry, Document } from '../../src/config/document.ts'
import type { Line } from '../../src/graph/evaluator.ts'
import { client, deny } from '../compile/a-document.ts'

/** The same numbers for the same seed (mulberry32). */
export type Random = (below: number) => number
export function randomOf(seed: number): Random {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

export const pick = <T>(random: Random, values: readonly T[]): T => values[random(values.length)]!

const digest = (unit: string) => `sha256:${unit.repeat(64)}`
const logins = ['joe', 'joe@a.test', 'ann@a.test', '*@a.test', '*@c.test', '*', 'bj\u00f6rn@a.test', 'x@b@a.test']
const certificates = [digest('a'), digest('b'), digest('0'), '*']
const helos = ['a.test', '*.a.test', 'b.a.test', '*.test', 'test', '*', 'localhost']
const said = {
  login: ['joe', 'joe@a.test', 'ann@a.test', 'x@c.test', 'somebody', 'x@b@a.test', 'bj\u00f6rn@a.test', 'joe@'],
  certificate: [digest('a'), digest('b'), digest('0'), digest('f')],
  helo: ['a.test', 'A.Test.', 'x.b.a.test', 'b.a.test', 'test', 'localhost', '[192.0.2.1]', 'm\u00fcnchen.a.test', ''],
}

/** TLS, logins, certificates, HELO names, checks, rates, marks and rules on trial, in some of the documents. */
export function withLine(document: Document, random: Random): Document {
  const some = (chance: number) => random(chance) === 0
  const several = <T>(values: readonly T[]) => values.filter(() => some(3))
  const observe = some(6) ? ({ mode: 'observe' } as const) : {}
  const listeners = document.listeners.map((listener) => ({
    ...listener,
    ...(some(2)
      ? {
          tls: {
            mode: pick(random, ['offered', 'required', 'implicit'] as const),
            certificates: ['main'],
            minVersion: 'TLSv1.2',
            ciphers: null,
            clientCa: null,
          } as const,
        }
      : {}),
    ...(some(2)
      ? {
          login: {
            required: some(3),
            mechanisms: ['PLAIN'],
            clearTextFrom: several(['10.0.0.0/8', '10.1.2.3/32', '0.0.0.0/0']),
          } as const,
        }
      : {}),
  }))
  const named = (name: string, part: Partial<ClientEntry>) =>
    client(name, [], { internal: some(2), ...(some(3) ? { senders: ['a.test'] } : {}), ...part })
  const taken = new Set<string>()
  const free = (patterns: readonly string[]) => several(patterns).filter((one) => !taken.has(one) && taken.add(one))
  const loginsOf = (name: string) => ({
    logins: free(logins).map((login) => ({ login, at: `clients.${name}.logins["${login}"]` })),
  })
  const rates = (name: string) => {
    const of = pick(random, ['messages', 'recipients', 'bytes'] as const)
    const perMs = pick(random, [60_000, 3_600_000])
    return { rates: [{ of, most: 1 + random(2), perMs, by: 'each' as const, at: `clients.${name}.rates.${of}` }] }
  }
  const certified = free(certificates).map((certificate) => ({
    certificate,
    at: `clients.certified["${certificate}"]`,
  }))
  const clients = [
    ...document.clients.map((one) => ({
      ...one,
      ...(some(6) ? { tls: 'required' as const } : {}),
      ...(some(6) ? rates(one.name) : {}),
    })),
    named('staff', { ...loginsOf('staff'), ...(some(3) ? { senders: 'own' } : {}) }),
    named('others', { ...loginsOf('others'), ...(some(3) ? { recipients: ['a.test', '*.c.test'] } : {}) }),
    named('certified', { certificates: certified, ...(some(3) ? rates('certified') : {}) }),
  ]
  const rules = [
    ...(some(2) ? [{ ...deny(20, { helo: [pick(random, helos)] }), ...observe }] : []),
    ...(some(2) ? [deny(21, { logins: several(logins) })] : []),
    ...(some(3) ? [deny(22, { tls: 'none' })] : []),
    ...(some(3) ? [{ ...deny(23, { helo: several(helos), client: ['10.1.0.0/16'] }) }] : []),
    ...(some(3) ? [deny(24, { recipient: ['*.a.test'], tls: 'none', helo: several(helos) })] : []),
  ].filter(({ when }) => when.helo?.length !== 0 && when.logins?.length !== 0)
  const checks = (['reverse', 'helo', 'sender-domain'] as const)
    .filter(() => some(4))
    .map((id) => ({
      at: `checks.${id}`,
      id,
      listeners: null,
      onError: pick(random, ['ignore', 'defer'] as const),
      then: some(2) ? { tag: pick(random, ['odd', 'strange']) } : { code: 550, text: `check ${id}` },
      ...(some(4) ? ({ mode: 'observe' } as const) : {}),
    }))
  const dnsbl = document.dnsbl.map((list) => ({
    ...list,
    ...(some(4) ? { onListed: { tag: 'listed' } } : {}),
    ...(some(6) ? ({ kind: 'allow' } as const) : {}),
    ...(some(6) ? ({ mode: 'observe' } as const) : {}),
  }))
  return {
    ...document,
    certificates: [{ at: 'certificates.main', name: 'main', certificate: '/etc/cert', key: '/etc/key' }],
    listeners,
    clients,
    deny: [...document.deny, ...rules].sort(() => random(3) - 1),
    checks,
    dnsbl,
  }
}

/** Each network, login and certificate is one client's. */
export function apart(document: Document): Document {
  const taken = new Set<string>()
  const isFree = (pattern: string) => !taken.has(pattern) && taken.add(pattern)
  const clients = document.clients.map(({ logins, certificates, ...client }) => ({
    ...client,
    networks: client.networks.filter(({ network }) => isFree(network)),
    ...(logins === undefined ? {} : { logins: logins.filter(({ login }) => isFree(`login ${login}`)) }),
    ...(certificates === undefined
      ? {}
      : { certificates: certificates.filter(({ certificate }) => isFree(`certificate ${certificate}`)) }),
  }))
  return { ...document, clients }
}

/** A certificate is shown in the handshake of TLS: nobody has one without. */
export function randomLine(random: Random): Line {
  const tls = random(2) === 0
  return {
    tls,
    login: random(2) === 0 ? null : pick(random, said.login),
    certificate: tls && random(3) === 0 ? pick(random, said.certificate) : null,
    helo: random(4) === 0 ? null : pick(random, said.helo),
  }
}
