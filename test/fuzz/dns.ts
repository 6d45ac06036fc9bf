// EX-46
import assert from 'node:assert/strict'
import { Packet } from 'dns2'
import { Cache } from '../../src/dns/cache.ts'
import type { Finding } from '../../src/dns/inquiry.ts'
import { answers, encodeQuery, type Question } from '../../src/dns/query.ts'
import * as types from '../../src/dns/record-type.ts'
import { readReply } from '../../src/dns/reply.ts'
import type { FuzzTarget } from './target.ts'

const name = 'example.test'
const all: readonly types.RecordType<unknown>[] = [types.mx, types.a, types.aaaa, types.txt, types.ptr, types.tlsa]
const query = encodeQuery({ type: types.mx, name }, true)

type Resource = Partial<Packet['answers'][number]>

function message(records: readonly Resource[], authorities: readonly Resource[] = [], header: object = {}): Buffer {
  const packet = Packet.createResponseFromRequest(Packet.parse(query))
  Object.assign(packet.header, { ra: 1, ...header })
  const resource = (record: Resource) => new Packet.Resource({ class: Packet.CLASS.IN, ttl: 300, ...record })
  packet.answers = records.map(resource)
  packet.authorities = authorities.map(resource)
  return packet.toBuffer()
}

const { TYPE } = Packet
const mx = (priority: number, exchange: string) => ({ name, type: TYPE.MX, priority, exchange })
const cname = (from: string, domain: string) => ({ name: from, type: TYPE.CNAME, domain })
const soa = {
  name: 'test',
  type: TYPE.SOA,
  primary: 'ns.test',
  admin: 'h.test',
  serial: 1,
  refresh: 1,
  retry: 1,
  expiration: 1,
  minimum: 60,
}

/** What a name server answers to a question for MX. The same octets are read as an answer to every other type too. */
export const target: FuzzTarget = {
  seeds: [
    message([mx(10, 'mx1.example.test'), mx(20, '')], [], { ad: 1 }),
    message([cname(name, 'a.test'), cname('a.test', 'b.test'), { ...mx(0, 'm.test'), name: 'b.test' }]),
    message([
      { name, type: TYPE.A, address: '192.0.2.1' },
      { name, type: TYPE.AAAA, address: '2001:db8::1' },
    ]),
    message([{ name, type: TYPE.TXT, data: ['v=spf1', ' -all'] }]),
    message([{ name, type: 52, data: Buffer.from('030101abcd', 'hex') } as Resource]),
    message([], [soa], { rcode: 3 }),
    message([cname(name, 'gone.test')], [soa], { rcode: 3 }),
    message([], [{ name: 'test', type: TYPE.NS, ns: 'ns.test' }]),
    message([], [], { tc: 1 }),
    message([], [], { rcode: 1 }),
  ],
  words: [
    '\xc0\x0c',
    '\xc0\x00',
    '\xff\xff',
    '\x00\x0f\x00\x01',
    '\x00\x05\x00\x01',
    '\x00\x29\x04\xd0',
    '\x07example\x04test\x00',
    '\x3f',
    '\x00\x00\x00\x00\x00\x00',
  ],
  once(given) {
    const input = Buffer.from(given)
    const cache = new Cache(60_000)
    if (input.length >= 12) {
      // Under the id that was asked, as a forger who has guessed it would have it.
      input.writeUInt16BE(0, 0)
      answers(query, input)
      for (const type of all) read({ type, name }, Buffer.from(input), cache)
    }
    for (const { data, state, expiresAt } of cache.view(0)) {
      assert.ok(data.every((text) => typeof text === 'string' && text.length < 70_000))
      assert.ok(state === 'fresh' || state === 'negative')
      assert.ok(expiresAt > 0 && expiresAt <= 86_400_000, 'believed for a day at most')
    }
  },
}

function read(question: Question, octets: Buffer, cache: Cache): void {
  const rcode = octets[3]! & 15
  const reply = readReply(octets, question)
  assert.equal(reply.kind === 'truncated', (octets[2]! & 2) !== 0, 'what was cut short counts for nothing')
  if (reply.kind === 'truncated') return
  if (reply.kind === 'useless' || reply.kind === 'no-edns') {
    assert.ok(reply.why.length < 200, 'a reason that fits a log')
    return
  }
  assert.ok(rcode === 0 || rcode === 3, 'an error says nothing about a name')
  assert.ok(reply.ttlMs >= 0, 'a time')
  if (reply.kind === 'alias') {
    assert.ok(reply.hops > 0 && reply.hops <= 8, 'a chain that ends')
    return
  }
  if (reply.kind === 'found') {
    assert.ok(rcode === 0 && reply.values.length > 0, 'records and "no such name" contradict each other')
    assert.ok(Number.isFinite(reply.ttlMs), 'records have an end')
  } else if (reply.denied !== null) assert.equal(rcode, 3, 'only NXDOMAIN denies a name')
  cache.put(question, reply as Finding, 0)
  assert.notEqual(cache.get(question, 0)?.stale, true)
}
