import { expect, test } from 'vitest'
import { contains, parseBlock } from '../../src/graph/network.ts'
import { type IpAddress, ipBytes } from '../../src/mail/ip.ts'
import type { QueueConditions } from '../../src/queue/selector.ts'
import { envelopeTo, mailbox } from '../spool/messages.ts'
import { HOUR, later, MINUTE, type Rig, rig, unknownUser } from './rig.ts'

// EX-38: what a condition of `queue list`, and of every action, means.

const isIn = (network: string, address: string) => contains(parseBlock(network)!, ipBytes(address as IpAddress))

const from = (client: string, identity: string | null = null) => ({
  ...envelopeTo('x@x.example'),
  origin: { ...envelopeTo('x@x.example').origin, client: client as IpAddress, identity },
})

/** a: greylisted. b: its next hop is down. c: held by the document. d: on the wire, of a client with a login. */
async function mixed(): Promise<Rig> {
  const r = await rig({ isIn })
  r.route = (to) =>
    to.domain === 'held.example'
      ? { kind: 'hold', reason: 'parked by the document', at: 'x' }
      : { kind: 'next-hop', nextHop: { kind: 'hosts', key: `relay:${to.domain}#1a2b`, hosts: [] }, at: 'x' }
  const a = { ...from('192.0.2.1'), recipients: envelopeTo('Ann@sub.one.example').recipients }
  const original = { ...a.recipients[0]!, original: mailbox('alias@one.example') }
  await r.store({ ...a, recipients: [original] })
  r.carrier.take('relay:sub.one.example#1a2b').settle([later])
  await r.clock.pass(HOUR / 2)
  await r.store({ ...from('192.0.2.200'), recipients: envelopeTo('b@two.example').recipients, from: null })
  r.carrier.lane('relay:two.example#1a2b').down('connect to 192.0.2.9: timed out', null)
  await r.store({
    ...from('2001:db8::1'),
    recipients: envelopeTo('c@held.example').recipients,
    from: mailbox('Boss@src.example'),
  })
  await r.store({ ...from('198.51.100.7', 'printer'), recipients: envelopeTo('d@four.example').recipients })
  r.carrier.take('relay:four.example#1a2b')
  await r.clock.pass(MINUTE)
  return r
}

const cases: readonly (readonly [Partial<QueueConditions>, string])[] = [
  [{}, 'abcd'],
  [{ recipient: 'ann@SUB.one.example' }, 'a'],
  [{ recipient: 'alias@one.example' }, 'a'],
  [{ recipient: '*@*o*.example' }, 'abd'],
  [{ recipient: 'nn@sub.one.example' }, ''],
  [{ domain: 'one.example' }, ''],
  [{ domain: '*.ONE.example' }, 'a'],
  [{ domain: 'two.example' }, 'b'],
  [{ domain: '*' }, 'abcd'],
  [{ sender: '<>' }, 'b'],
  [{ sender: 'boss@SRC.example' }, 'c'],
  [{ sender: '*@src.example' }, 'acd'],
  [{ client: '192.0.2.1' }, 'a'],
  [{ client: '192.0.2.0/24' }, 'ab'],
  [{ client: '2001:db8::/32' }, 'c'],
  [{ client: 'Printer' }, 'd'],
  [{ client: '192.0.2.2' }, ''],
  [{ nextHop: 'relay:two.example' }, 'b'],
  [{ nextHop: 'relay:two.example#1a2b' }, 'b'],
  [{ nextHop: 'relay:*' }, 'abd'],
  [{ nextHop: 'relay:two' }, ''],
  [{ olderThanMs: 10 * MINUTE }, 'a'],
  [{ olderThanMs: 5 * HOUR }, ''],
  [{ state: 'waiting' }, 'ab'],
  [{ state: 'held' }, 'c'],
  [{ state: 'active' }, 'd'],
  [{ state: 'delivered' }, ''],
  [{ reply: '451' }, 'a'],
  [{ reply: '4yz' }, 'a'],
  [{ reply: '5YZ' }, ''],
  [{ reply: 'GREYlisted' }, 'a'],
  [{ reply: 'timed out' }, 'b'],
  [{ reply: '*192.0.2.9*' }, 'b'],
  [{ reply: 'timed*' }, ''],
  [{ reply: '45' }, 'a'],
  [{ sender: '*@src.example', state: 'waiting', olderThanMs: MINUTE }, 'a'],
  [{ domain: 'two.example', sender: 'boss@src.example' }, ''],
]
test('each condition selects what it says, and together they select what fits all', async () => {
  const r = await mixed()
  const got = []
  for (const [conditions] of cases) {
    const rows = await r.list(conditions)
    got.push([conditions, rows.map(({ recipient }) => recipient[0]!.toLowerCase()).join('')])
  }
  expect(got).toEqual(cases)
  // The same after a start, when envelopes are text: of what was down or on the wire nothing is known yet.
  await r.restart()
  for (const [conditions, wanted] of cases) {
    if (conditions.nextHop !== undefined || conditions.reply !== undefined || conditions.state !== undefined) continue
    const rows = await r.list(conditions)
    expect([conditions, rows.map(({ recipient }) => recipient[0]!.toLowerCase()).join('')]).toEqual([
      conditions,
      wanted,
    ])
  }
})

test('what is final is selected only when its state is asked for', async () => {
  const r = await rig()
  await r.store({ ...envelopeTo('gone@one.example', 'here@two.example'), from: null })
  r.carrier.take('one.example').settle([unknownUser])
  expect((await r.list()).map(({ recipient }) => recipient)).toEqual(['here@two.example'])
  expect((await r.list({ state: 'failed' })).map(({ recipient }) => recipient)).toEqual(['gone@one.example'])
  const outcome = await r.operate({ kind: 'drop', by: 'x', reason: 'y' }, { domain: '*' })
  expect(outcome.recipients).toBe(1)
})
