import { expect, test } from 'vitest'
import type { QueueRow } from '../../src/admin/operations.ts'
import { eachQueued, type QueueMove, queueWeigher } from '../../src/cli/plan/queue-impact.ts'
import { compile } from '../../src/compile/compile.ts'
import type { Document, Target } from '../../src/config/document.ts'
import { type Bundle, makeBundle } from '../../src/graph/bundle.ts'
import { noSources } from '../../src/graph/sources.ts'
import { aDocument, route } from '../compile/a-document.ts'

const movesOf = (rows: readonly QueueRow[], before: Bundle, after: Bundle): readonly QueueMove[] => {
  const weigher = queueWeigher(before, after)
  for (const one of rows) weigher.add(one)
  return weigher.moves()
}
const row = (id: string, recipient: string): QueueRow => ({
  id,
  sender: 'a@b.example',
  recipient,
  state: 'waiting',
  queuedAt: 0,
  sizeBytes: 100,
  attempts: 1,
  dueAt: 0,
  nextHop: null,
  lastHost: null,
  lastReply: null,
  why: null,
  lastAttemptAt: null,
  heldBy: null,
  via: null,
  rule: null,
})

const bundle = (localMx: Readonly<Record<string, Target>>, more: Partial<Document> = {}): Bundle => {
  const rows = Object.entries(localMx).map(([pattern, target]) => route(pattern, target))
  return makeBundle(compile(aDocument({ localMx: rows, ...more })).graph, noSources)
}
const host = (name: string, port = 25): Target => ({ kind: 'hosts', hosts: [{ host: name, port }] })

test('queued recipients that would go elsewhere are counted by where they go, the most first', () => {
  const before = bundle({ 'a.example': host('bart'), 'b.example': host('lisa'), '*': host('isp') })
  const after = bundle({
    'a.example': host('maggie', 26),
    'b.example': { kind: 'hold', reason: 'moving' },
    '*': host('isp'),
  })
  const rows = [row('1', 'x@b.example'), row('2', 'x@a.example'), row('3', 'y@a.example'), row('4', 'x@c.example')]
  expect(movesOf(rows, before, after)).toEqual([
    { from: 'bart:25', to: 'maggie:26', recipients: 2, example: { id: '2', recipient: 'x@a.example' } },
    { from: 'lisa:25', to: 'held: moving', recipients: 1, example: { id: '1', recipient: 'x@b.example' } },
  ])
})

test('what would be returned to the sender or thrown away is said in those words', () => {
  const before = bundle({ 'a.example': host('bart'), 'b.example': host('bart') })
  const reply = { code: 550, status: '5.1.2', text: 'closed' }
  const after = bundle({ 'a.example': { kind: 'reject', ...reply }, 'b.example': { kind: 'discard' } })
  const moves = movesOf([row('1', 'x@a.example'), row('2', 'x@b.example')], before, after)
  expect(moves.map(({ to }) => to)).toEqual(['returned to the sender: 550 5.1.2 closed', 'discarded'])
})

test('a relay of the same name with other settings is another way', () => {
  const relays = (tls: 'may' | 'verify') => [
    {
      at: 'relays.isp',
      name: 'isp',
      hosts: [{ host: 'smtp.isp.example', port: 587 }],
      tls,
      auth: null,
      connections: 10,
    },
  ]
  const way: Readonly<Record<string, Target>> = { '*': { kind: 'relay', relay: 'isp' } }
  const moves = movesOf(
    [row('1', 'x@a.example')],
    bundle(way, { relays: relays('verify') }),
    bundle(way, { relays: relays('may') }),
  )
  expect(moves).toMatchObject([
    { from: 'relay isp (smtp.isp.example:587)', to: 'relay isp (smtp.isp.example:587), with other settings' },
  ])
})

test('nothing moves when the routes are the same', () => {
  const before = bundle({ '*': host('isp') })
  expect(movesOf([row('1', 'x@a.example')], before, bundle({ '*': host('isp'), 'a.example': host('isp') }))).toEqual([])
})

test('a long queue is read page by page', async () => {
  const all = Array.from({ length: 25_000 }, (_, i) => row(String(i), 'x@a.example'))
  const asked: string[] = []
  const seen: string[] = []
  const queue = await eachQueued(
    async (query) => {
      asked.push(query.toString())
      const after = query.get('after')
      const from = after === null ? 0 : Number(after) + 1
      return all.slice(from, from + Number(query.get('limit')))
    },
    ({ id }) => seen.push(id),
  )
  expect(queue).toEqual({ recipients: 25_000, complete: true })
  expect(seen).toEqual(all.map(({ id }) => id))
  expect(asked).toEqual(['limit=10000', 'limit=10000&after=9999', 'limit=10000&after=19999'])
})

test('a page whose beginning was delivered meanwhile is not taken for the end of the queue', async () => {
  const queue = await eachQueued(
    async (query) =>
      query.has('after') ? [] : Array.from({ length: 10_000 }, (_, i) => row(String(i), 'x@a.example')),
    () => {},
  )
  expect(queue).toEqual({ recipients: 10_000, complete: false })
})

test('of a queue that moves in more ways than are told apart, every recipient is still counted', () => {
  const ways = 5002
  const before = bundle(Object.fromEntries(Array.from({ length: ways }, (_, i) => [`d${i}.example`, host(`h${i}`)])))
  const rows = Array.from({ length: ways }, (_, i) => row(String(i), `x@d${i}.example`))
  const moves = movesOf([...rows, row('again', 'y@d7.example')], before, bundle({ '*': host('isp') }))
  expect(moves).toHaveLength(5001)
  expect(moves[0]).toMatchObject({ from: 'h7:25', to: 'isp:25', recipients: 2 })
  expect(moves.at(-1)).toMatchObject({ from: 'other ways', recipients: 2, example: { id: '5000' } })
})
