import { expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import { believedMs, LearntSizes } from '../../src/gateway/learnt-sizes.ts'
import { sizedAdmission } from '../../src/gateway/sized-admission.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import { graphAdmission } from '../../src/ingress/graph-admission.ts'
import type { NextHop } from '../../src/mail/next-hop.ts'
import { aDocument, facts, mailbox, route } from '../compile/a-document.ts'
import { HandClock } from '../support/hand-clock.ts'

const hop = (name: string): NextHop => ({ kind: 'hosts', key: `hosts:${name}:25`, hosts: [{ host: name, port: 25 }] })
const [a, b] = [hop('a'), hop('b')]

// part (c) 13
test('what a host announced counts for a day, and the largest of the hosts of a next hop', () => {
  const sizes = new LearntSizes()
  sizes.learn(a, 'a1', 1000, 0)
  sizes.learn(a, 'a2', 3000, 10)
  expect(sizes.limit(a, 10)).toEqual({ nextHop: 'hosts:a:25', host: 'a2', sizeBytes: 3000, at: 10 })
  expect(sizes.limit(b, 10)).toBeNull()
  expect(sizes.limit(a, believedMs)?.sizeBytes).toBe(3000)
  expect(sizes.limit(a, believedMs + 10)).toBeNull()
  expect(sizes.list(believedMs + 10)).toEqual([])
})

test('a host that announces no limit, or no number, takes all sizes', () => {
  const sizes = new LearntSizes()
  sizes.learn(a, 'a1', 1000, 0)
  sizes.learn(a, 'a2', null, 0)
  expect(sizes.limit(a, 0)).toBeNull()
  sizes.learn(a, 'a2', 0, 0)
  expect(sizes.limit(a, 0)).toBeNull()
  sizes.learn(a, 'a2', 500, 0)
  expect(sizes.limit(a, 0)?.sizeBytes).toBe(1000)
})

test('the smallest limit known is what a look-up begins at, and rises again when it is gone', () => {
  const sizes = new LearntSizes()
  expect(sizes.smallest).toBe(Number.POSITIVE_INFINITY)
  sizes.learn(a, 'a1', 1000, 0)
  sizes.learn(b, 'b1', 2000, 0)
  expect(sizes.smallest).toBe(1000)
  sizes.learn(a, 'a1', 5000, 0)
  expect(sizes.smallest).toBe(2000)
  sizes.learn(b, 'b1', null, 0)
  expect(sizes.smallest).toBe(5000)
  sizes.limit(a, believedMs)
  expect(sizes.smallest).toBe(Number.POSITIVE_INFINITY)
  sizes.learn(a, 'a1', 1000, 0)
  expect([sizes.forget(), sizes.smallest]).toEqual([1, Number.POSITIVE_INFINITY])
})

test('next hops and hosts that are remembered are bounded', () => {
  const sizes = new LearntSizes()
  for (let i = 0; i < 10_100; i++) sizes.learn(hop(`h${i}`), 'x', 1000, 0)
  expect(sizes.list(0)).toHaveLength(10_000)
  expect(sizes.limit(hop('h0'), 0)).toBeNull()
})

const refusalOf = (part: object, learnt: LearntSizes, sizeBytes: number) => {
  const { graph } = compile(
    aDocument({
      localMx: [
        route('*', { kind: 'relay', relay: 'isp' }),
        route('b.example', { kind: 'hosts', hosts: [{ host: 'b', port: 25 }] }),
      ],
      limits: { ...aDocument().limits, maxSizeBytes: 1_000_000 },
      ...part,
    }),
  )
  const evaluator = interpreter(graph)
  const inner = graphAdmission(evaluator, () => ({ outcome: 'clear', reason: null }))
  const live = { admission: inner, evaluator, control: evaluator.control } as unknown as Parameters<
    typeof sizedAdmission
  >[0]
  const admission = sizedAdmission(live, learnt, new HandClock(0))
  const caller = {
    ...facts({ listener: 'lan', client: '10.0.0.1' }),
    helo: null,
    certificate: null,
    login: null,
    tls: false,
  }
  return (to: string) => admission.rcpt(caller, mailbox('me@example.com'), mailbox(to), sizeBytes)
}

test('RCPT is refused for a recipient whose next hop takes less than was announced, and for no other', () => {
  const learnt = new LearntSizes()
  learnt.learn(b, 'b', 1000, 0)
  const rcpt = refusalOf({}, learnt, 1001)
  expect(rcpt('x@b.example')).toMatchObject({
    kind: 'refuse',
    reply: { code: 552, status: '5.3.4' },
    at: 'learnSizes',
  })
  expect(rcpt('x@b.example')).not.toHaveProperty('recipients')
  expect(rcpt('x@c.example')).toMatchObject({ kind: 'accept' })
  expect(refusalOf({}, learnt, 1000)('x@b.example')).toMatchObject({ kind: 'accept' })
  // Where each refusal for good is one for now, this is one too.
  expect(refusalOf({ softBounce: true }, learnt, 1001)('x@b.example')).toMatchObject({
    kind: 'refuse',
    reply: { code: 452, status: '4.3.4' },
  })
})
