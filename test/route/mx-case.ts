import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { type Domain, parseDomain } from '../../src/mail/domain.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { reply as smtpReply } from '../../src/mail/reply.ts'
import type { HostsOptions } from '../../src/route/candidates.ts'
import { mxHosts } from '../../src/route/mx-hosts.ts'
import { ownHost } from '../../src/route/own-host.ts'
import * as fake from '../dns/fake-server.ts'
import { d, resolverOf } from '../dns/lab.ts'

/**
 * MX choice against a name server that says what each case wants: a table of names, each with its records by type (MX as
 * `preference exchange`), or a function where the server misbehaves. A name that is not in the table does not exist; a
 * type that is not in its row has no record.
 */
type Row = Partial<Record<'MX' | 'A' | 'AAAA', Answer>>
type Answer = readonly string[] | ((asked: fake.Asked) => fake.Said)
export type Zone = Readonly<Record<string, Row | ((asked: fake.Asked) => fake.Said)>>

export type Case = {
  readonly name: string
  readonly zone: Zone
  readonly domain?: string
  readonly options?: Partial<HostsOptions>
  readonly attempts?: number
  /** Something of it is never answered, so the resolver is impatient. */
  readonly silent?: boolean
  readonly want: unknown
  /** Questions that must not have been asked, or must have been. */
  readonly never?: string
  readonly asked?: string
}

export const silence = () => null
export const badId = (asked: fake.Asked) =>
  fake.reply(asked, { answers: [fake.a(asked.name, '192.0.2.66')], header: { id: asked.query.header.id ^ 5 } })
export const hosts = (...addresses: string[]) => ({
  kind: 'hosts',
  hosts: addresses.map((text) => {
    const [name, address] = text.split(' ')
    return { name, address, port: 25 }
  }),
})
export const refused = (code: number, status: string) => ({ kind: 'refused', code, status, why: expect.any(String) })
export const failed = { kind: 'failed', status: '4.4.3', why: expect.any(String) }
export const nullMx = refused(556, '5.1.10')
export const noSuchDomain = refused(550, '5.1.2')
export const unusable = refused(550, '5.4.4')
export const loop = refused(554, '5.4.6')

export const m1 = { 'm1.test': { A: ['192.0.2.1'] } }
export const m2 = { 'm2.test': { A: ['192.0.2.2'] } }
export const m3 = { 'm3.test': { A: ['192.0.2.3'] } }
export const three = { ...m1, ...m2, ...m3 }
export const weAre = (...addresses: string[]): Partial<HostsOptions> => ({
  isSelf: ownHost({
    names: ['we.test'],
    bound: () => addresses.map((address) => ({ address, port: 25 })),
    interfaces: () => ['192.0.2.200'],
  }),
})
export const label63 = 'a'.repeat(63)
/** Declares a test for each case. */
export function testCases(cases: readonly Case[]): void {
  test.for(cases)(
    '$name',
    async ({ zone, domain = 'd.test', options, attempts = 1, silent = false, want, never, asked }) => {
      const server = await fake.fakeServer((one) => say(zone, one))
      const resolver = resolverOf({ ...server.settings, timeoutMs: silent ? 400 : 15_000, attempts })
      expect(
        await mxHosts(domainOf(domain), 25, resolver, { random: randomInt, isSelf: () => false, ...options }),
      ).toEqual(want)
      const questions = server.asked.flatMap(({ name, type }) => [name, `${name} ${type}`])
      if (never !== undefined) expect(questions).not.toContain(never)
      if (asked !== undefined) expect(questions).toContain(asked)
    },
  )
}

export function say(zone: Zone, asked: fake.Asked): fake.Said {
  const row = zone[asked.name]
  if (row === undefined) return fake.nxdomain(asked)
  if (typeof row === 'function') return row(asked)
  const answer = row[asked.type as keyof Row]
  if (answer === undefined) return fake.nodata(asked)
  if (typeof answer === 'function') return answer(asked)
  const records = answer.map((one) => {
    const [, preference, exchange] = /^(\d+) (.*)$/.exec(one) ?? []
    if (preference !== undefined) return fake.mx(asked.name, Number(preference), exchange!)
    return asked.type === 'A' ? fake.a(asked.name, one) : fake.aaaa(asked.name, one)
  })
  return fake.reply(asked, { answers: records })
}

/** `d.test` is an alias of an alias ... of a name with MX, all in one answer. */
export function chain(length: number): Zone {
  const names = Array.from({ length: length + 1 }, (_, i) => (i === 0 ? 'd.test' : `c${i}.test`))
  return {
    'd.test': (asked: fake.Asked) =>
      fake.reply(asked, {
        answers: [
          ...names.slice(1).map((name, i) => fake.cname(names[i]!, name)),
          fake.mx(names.at(-1)!, 10, 'm1.test'),
        ],
      }),
    ...m1,
  }
}

/** An MX record whose exchange is a pointer to itself. */
export function bomb(asked: fake.Asked): Buffer {
  const octets = fake.reply(asked, { answers: [fake.mx('d.test', 10, '')] }).toBuffer()
  const pointer = Buffer.from([0xc0, octets.length - 1])
  octets.writeUInt16BE(4, octets.length - 5)
  return Buffer.concat([octets.subarray(0, octets.length - 1), pointer])
}

/** An MX record whose exchange has the labels `evil.m1` and `test`. */
export function dotted(asked: fake.Asked): Buffer {
  const octets = fake.reply(asked, { answers: [fake.mx('d.test', 10, '')] }).toBuffer()
  const name = Buffer.from('\x07evil.m1\x04test\x00', 'latin1')
  octets.writeUInt16BE(2 + name.length, octets.length - 5)
  return Buffer.concat([octets.subarray(0, octets.length - 1), name])
}

export function denying(...addresses: string[]): Partial<HostsOptions> {
  const rule = { at: 'deny[0]', reply: smtpReply(550, '5.7.1', 'not there') }
  return { denied: (address: IpAddress) => (addresses.includes(address) ? rule : null) }
}

function domainOf(text: string): Domain {
  const parsed = parseDomain(text)
  return parsed.ok ? parsed.value : d(text)
}
