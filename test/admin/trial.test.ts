import { describe, expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import type { Document } from '../../src/config/document.ts'
import type { Live } from '../../src/gateway/live.ts'
import { openTrial } from '../../src/gateway/open-trial.ts'
import type { TrialEnd } from '../../src/gateway/trial.ts'
import { type Box, everyMessage } from '../../src/graph/box.ts'
import { bareLine } from '../../src/graph/evaluator.ts'
import type { Outcome } from '../../src/graph/graph.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import { prefixed } from '../../src/graph/renumber.ts'
import type { Caller, Verdict } from '../../src/ingress/admission.ts'
import type { Recipient } from '../../src/mail/envelope.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { silentLog } from '../../src/mail/log.ts'
import { aDocument, client, deny, domain, list, mailbox, route } from '../compile/a-document.ts'
import { HandClock } from '../support/hand-clock.ts'

const stranger: Caller = { ...bareLine, listener: 'mx', client: '192.0.2.1' as IpAddress }
const sender = mailbox('a@elsewhere.example')
const joe = mailbox('joe@example.com')

function live(part: Partial<Document>): Live {
  const { graph, diagnostics } = compile(aDocument(part))
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return { evaluator: interpreter(graph), hash: JSON.stringify(part) } as unknown as Live
}

function trialOf(
  before: Partial<Document>,
  next: Partial<Document>,
  boxes: readonly Box[],
  answer: (id: string) => Outcome = () => 'clear',
) {
  const clock = new HandClock()
  const ends: TrialEnd[] = []
  const asked: string[] = []
  const { trial, admission } = openTrial({
    before: live(before),
    next: live(next),
    request: { token: '', confirmWithinMs: 60_000, gates: null, shadow: true, holdQueue: false },
    boxes,
    ask: async (oracle) => {
      const zone = oracle.kind === 'dnsbl' ? oracle.zone : ''
      asked.push(zone)
      return { outcome: answer(zone), reason: null }
    },
    clock,
    log: silentLog,
    onEnd: (end) => void ends.push(end),
  })
  return { trial, admission, ends, asked, clock, counts: () => trial.view(0).counts }
}

const box = (part: Partial<Box>): Box => ({ ...everyMessage, ...part })
const only = (pattern: string) => [{ pattern, except: [] }]
/** What follows from an answer that a session did not wait for. */
const settled = () => new Promise((resolve) => setImmediate(resolve))
const as = (to: ReturnType<typeof mailbox>): Recipient => ({ mailbox: to, original: to, notify: null, orcpt: null })

describe('both graphs are asked', () => {
  const closed = { deny: [deny(0, { recipient: ['joe@example.com'] })] }

  test('what both say alike is counted as compared', async () => {
    const { admission, counts } = trialOf({}, closed, [])
    await admission.rcpt(stranger, sender, mailbox('ann@example.com'), null)
    expect(counts()).toMatchObject({ decisions: 1, refused: 0, compared: 1, outsideBoxes: 0 })
  })

  test('a difference in a box is counted there', async () => {
    const boxes = [box({ recipients: only('ann@example.com') }), box({ recipients: only('joe@example.com') })]
    const { admission, counts, ends } = trialOf({}, closed, boxes)
    await admission.rcpt(stranger, sender, joe, null)
    expect(counts()).toMatchObject({ refused: 1, insideBoxes: [0, 1], outsideBoxes: 0 })
    expect(ends).toEqual([])
  })

  test('a difference outside of them ends the trial, once, with the message and both answers', async () => {
    const { admission, ends, counts } = trialOf({}, closed, [box({ clients: only('10.0.0.0/8') })])
    await admission.rcpt(stranger, sender, joe, 500)
    await admission.rcpt(stranger, sender, joe, 500)
    expect(ends).toEqual([
      {
        cause: 'defect',
        reason: 'a decision changed that was not reviewed: 192.0.2.1 from a@elsewhere.example to joe@example.com',
        detail: {
          message: {
            listener: 'mx',
            client: '192.0.2.1',
            sender: 'a@elsewhere.example',
            recipient: 'joe@example.com',
            sizeBytes: 500,
            hops: null,
          },
          answers: {},
          before: expect.objectContaining({ kind: 'accepted' }),
          after: { kind: 'refused', stage: 'rcpt', code: 550, status: '5.7.1', text: 'rule 0' },
        },
      },
    ])
    expect(counts().outsideBoxes).toBe(1)
  })

  test('another route is a difference as well', async () => {
    const held = { localMx: [route('*', { kind: 'hold', reason: 'later' })] }
    const { admission, ends } = trialOf(
      { domains: [domain('r.test', 'relay')] },
      { ...held, domains: [domain('r.test', 'relay')] },
      [],
    )
    await admission.rcpt(stranger, sender, mailbox('x@r.test'), null)
    expect(ends).toMatchObject([{ cause: 'defect', detail: { after: { finals: [{ route: { kind: 'hold' } }] } } }])
  })

  test('who is refused at connect is reviewed when some box holds the client, whoever it would have written to', async () => {
    const refusing = { deny: [deny(0, { client: ['192.0.2.0/24'] })] }
    const boxes = [box({ clients: only('192.0.2.0/24'), recipients: only('joe@example.com') })]
    const reviewed = trialOf({}, refusing, boxes)
    await reviewed.admission.connect(stranger)
    expect(reviewed.counts()).toMatchObject({ decisions: 1, refused: 1, insideBoxes: [1] })
    const other = trialOf({}, refusing, [box({ clients: only('10.0.0.0/8') })])
    await other.admission.connect(stranger)
    expect(other.ends).toMatchObject([{ cause: 'defect' }])
  })

  test('a size that is known only after the data is compared then', async () => {
    const smaller = { deny: [deny(0, { sizeOverBytes: 500 })] }
    const within = box({ sizes: [{ overBytes: 500, upToBytes: null }] })
    const reviewed = trialOf({}, smaller, [within])
    await reviewed.admission.rcpt(stranger, sender, joe, null)
    await reviewed.admission.data(stranger, sender, [as(joe)], { sizeBytes: 800, hops: 1 })
    expect(reviewed.counts()).toMatchObject({ decisions: 2, refused: 1, compared: 2, insideBoxes: [1] })
    const other = trialOf({}, smaller, [box({ sizes: [{ overBytes: 900, upToBytes: null }] })])
    await other.admission.rcpt(stranger, sender, joe, null)
    expect(other.ends).toEqual([])
    await other.admission.data(stranger, sender, [as(joe)], { sizeBytes: 800, hops: 1 })
    expect(other.ends).toMatchObject([{ cause: 'defect', detail: { message: { sizeBytes: 800, hops: 1 } } }])
  })

  test('while data come, what passes is not compared', async () => {
    const { admission, counts } = trialOf({}, closed, [])
    await admission.data(stranger, sender, [as(joe)], { sizeBytes: 10, hops: null })
    expect(counts()).toMatchObject({ decisions: 0, compared: 0 })
  })
})

describe('oracles', () => {
  const asking = { dnsbl: [list('zen')] }

  test('one that both graphs ask is asked once, and both get its answer', async () => {
    const { admission, asked, counts, ends } = trialOf(asking, asking, [], () => 'listed')
    expect(await admission.rcpt(stranger, sender, joe, null)).toMatchObject({ kind: 'refuse' })
    await settled()
    expect(asked).toEqual(['zen.dnsbl.example'])
    expect(counts()).toMatchObject({ compared: 1, outsideBoxes: 0 })
    expect(ends).toEqual([])
  })

  test('one that only the graph before asks is asked for the comparison, and no session waits for it', async () => {
    const reviewed = trialOf(asking, {}, [box({ oracles: { 'dnsbl.zen': ['listed'] } })], () => 'listed')
    expect(reviewed.admission.rcpt(stranger, sender, joe, null)).toMatchObject({ kind: 'accept' })
    await settled()
    expect(reviewed.asked).toEqual(['zen.dnsbl.example'])
    expect(reviewed.counts().insideBoxes).toEqual([1])
    const other = trialOf(asking, {}, [box({ oracles: { 'dnsbl.zen': ['error'] } })], () => 'listed')
    await other.admission.rcpt(stranger, sender, joe, null)
    await settled()
    expect(other.ends).toMatchObject([{ cause: 'defect', detail: { answers: { 'dnsbl.zen': 'listed' } } }])
  })

  test('the same name for another list is another question', async () => {
    const renamed = { dnsbl: [list('zen', { zone: 'other.example' as never })] }
    const answer = (zone: string): Outcome => (zone === 'other.example' ? 'listed' : 'clear')
    const { admission, asked, ends } = trialOf(asking, renamed, [], answer)
    await admission.rcpt(stranger, sender, joe, null)
    await settled()
    expect(asked).toEqual(['other.example', 'zen.dnsbl.example'])
    expect(ends).toHaveLength(1)
  })

  test('an oracle that fails is an error for both', async () => {
    const { admission, counts } = trialOf(asking, asking, [], () => {
      throw new Error('no network')
    })
    expect(await admission.rcpt(stranger, sender, joe, null)).toMatchObject({ kind: 'accept' })
    await settled()
    expect(counts()).toMatchObject({ compared: 1, outsideBoxes: 0 })
  })
})

describe('rates', () => {
  const oracle = { kind: 'rate', id: 'lan', of: 'messages', most: 2, perMs: 60_000, by: 'address' } as const

  /** Over two messages are refused at MAIL. */
  function rated(): Live {
    const { graph } = compile(aDocument({}))
    const clear = graph.entry.mail + 2
    const nodes = [
      { kind: 'oracle', oracle, outcomes: { listed: 1, clear, error: 1 }, at: 'clients.lan' },
      { kind: 'refuse', code: 451, status: '4.7.1', text: 'slow down', at: null },
    ] as const
    const whole = prefixed(graph, nodes, (own) => ({ ...own, mail: 0 }))
    return { evaluator: interpreter(whole), hash: 'rated' } as unknown as Live
  }

  function counted(sides: readonly [Live, Live], boxes: readonly Box[]) {
    const asked: boolean[] = []
    let count = 0
    const clock = new HandClock()
    const ends: TrialEnd[] = []
    const { trial, admission } = openTrial({
      before: sides[0],
      next: sides[1],
      request: { token: '', confirmWithinMs: 60_000, gates: null, shadow: true, holdQueue: false },
      boxes,
      ask: (_oracle, _facts, peek) => {
        asked.push(peek)
        const isOver = count + 1 > oracle.most
        if (!isOver && !peek) count++
        return { outcome: isOver ? 'listed' : 'clear', reason: null }
      },
      clock,
      log: silentLog,
      onEnd: (end) => void ends.push(end),
    })
    const send = () => {
      const verdict = admission.mail(stranger, sender, null) as Verdict
      if (verdict.kind === 'accept') void admission.rcpt(stranger, sender, joe, null)
      return verdict.kind
    }
    return { send, asked, ends, counts: () => trial.view(0).counts }
  }

  test('are counted once for each message, and both graphs hear what the session heard', () => {
    const { send, asked, ends, counts } = counted([rated(), rated()], [])
    expect([send(), send(), send()]).toEqual(['accept', 'accept', 'refuse'])
    expect(asked).toEqual([false, false, false])
    expect(ends).toEqual([])
    expect(counts()).toMatchObject({ compared: 3, outsideBoxes: 0 })
  })

  test('of the graph before are asked without counting', () => {
    const over = box({ oracles: { 'rate.lan.messages/1m': ['listed'] } })
    const { send, asked, ends, counts } = counted([rated(), live({})], [over])
    expect([send(), send(), send(), send()]).toEqual(['accept', 'accept', 'accept', 'accept'])
    expect(new Set(asked)).toEqual(new Set([true]))
    expect(ends).toEqual([])
    expect(counts()).toMatchObject({ compared: 4, insideBoxes: [0] })
  })
})

test('who is refused before MAIL could still have logged in, and is reviewed as whoever does', () => {
  const refusing = { deny: [deny(0, { client: ['192.0.2.0/24'] })] }
  const staff = box({ clients: only('192.0.2.0/24'), logins: only('*@example.com'), tls: true, helos: only('*.test') })
  const { admission, ends, counts } = trialOf({}, refusing, [staff])
  void admission.connect(stranger)
  expect(ends).toEqual([])
  expect(counts()).toMatchObject({ insideBoxes: [1] })
})

describe('the end', () => {
  test('comes with the deadline, and nothing is counted after it', async () => {
    const { trial, admission, ends, clock, counts } = trialOf({}, {}, [])
    clock.pass(59_999)
    expect(ends).toEqual([])
    clock.pass(1)
    expect(ends).toEqual([{ cause: 'deadline', reason: 'not confirmed within 60 s', detail: null }])
    expect(trial.isOver).toBe(true)
    await admission.rcpt(stranger, sender, joe, null)
    trial.delivery('failed', 3)
    expect(counts()).toMatchObject({ decisions: 0, compared: 0, attempts: 0 })
  })

  test('does not come by itself after somebody has confirmed', () => {
    const { trial, ends, clock } = trialOf({}, {}, [])
    expect(trial.close('confirmed', 'confirmed', null, 0)).toMatchObject({ result: 'confirmed', cause: null })
    clock.pass(100_000)
    expect(ends).toEqual([])
  })

  test('of clients nothing changes: the trial answers like the graph', async () => {
    const part = { clients: [client('office', ['10.0.0.0/8'])], deny: [deny(0, { sender: ['bad.example'] })] }
    const { admission } = trialOf({}, part, [box({})])
    expect(await admission.mail(stranger, mailbox('x@bad.example'), null)).toMatchObject({
      kind: 'refuse',
      reply: { code: 550, text: 'rule 0' },
    })
    expect(await admission.mail(stranger, sender, null)).toMatchObject({ kind: 'accept' })
  })
})
