import { expect, test } from 'vitest'
import { coverageOf, percentOf, type Share } from '../../src/analysis/suite-coverage.ts'
import { runCases } from '../../src/analysis/suite-run.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import { noSources } from '../../src/graph/sources.ts'
import { casesOf, graphOf, siteDocument } from './suite-site.ts'

const graph = graphOf(siteDocument)
const inside = { listener: 'lan', client: '10.1.2.3' }
const stranger = { listener: 'mx', client: '203.0.113.9' }

const covered = (rows: readonly unknown[]) =>
  coverageOf(graph, noSources, rows.length === 0 ? [] : runCases(interpreter(graph), casesOf(graph, rows)))
const missed = (share: Share) => share.missing.map(({ at, what }) => (what === null ? at : `${at} ${what}`))

test('a row counts when it was taken, an element when it decided, a terminal when a walk ended there', () => {
  const { elements, rows, terminals, outcomes } = covered([
    { ...inside, to: 'a@x.partner.example', expect: 'relay partner' },
  ])
  expect(missed(rows)).not.toContain('localMx["*.partner.example"] *.partner.example')
  expect(missed(rows)).toContain('localMx["*"] *')
  expect(missed(rows)).not.toContain('trusted[0] 10.0.0.0/8')
  expect(missed(elements)).toContain('deny[0]')
  expect(missed(terminals)).not.toContain(' to relay partner')
  expect(missed(terminals)).toContain(' to relay isp')
  expect(outcomes).toMatchObject({ all: 6, covered: 0 })
})

test('a rule with two patterns has two rows, and is reached as an element by either', () => {
  const { elements, rows } = covered([{ ...inside, from: 'x@spam.example', to: 'a@b.org', expect: 'rejected' }])
  expect(missed(elements)).not.toContain('deny[0]')
  expect(missed(rows)).toContain('deny[0] *.spam.example')
  expect(missed(rows)).not.toContain('deny[0] spam.example')
})

test('answers that are followed because nobody assumed them are reached', () => {
  const asks = { ...stranger, to: 'ann@corp.example' }
  expect(covered([{ ...asks, assume: { 'dnsbl.zen': 'listed' }, expect: 'rejected' }]).outcomes).toMatchObject({
    covered: 1,
    missing: expect.arrayContaining([expect.objectContaining({ what: 'dnsbl.zen=clear' })]),
  })
  const all = covered([{ ...asks, expect: 'by=dnsbl[0]' }])
  expect(all.outcomes.covered).toBe(6)
})

test('with every row, end and answer reached the share is 100, with none it is 0', () => {
  expect(percentOf(covered([]))).toBe(0)
  const { elements, rows, terminals, outcomes } = covered([])
  const gaps = { all: 1, covered: 1, missing: [] }
  expect(percentOf({ elements: gaps, rows: gaps, terminals: gaps, outcomes: gaps })).toBe(100)
  for (const share of [elements, rows, terminals, outcomes]) expect(share.missing).toHaveLength(share.all)
  expect(elements.all).toBeGreaterThan(15)
})

test('rules on the address of a delivery are not asked of tests, which cannot describe one', () => {
  const document = { ...siteDocument, deny: [{ when: { destination: ['192.0.2.0/24'] } }] }
  const { elements } = coverageOf(graphOf(document), noSources, [])
  expect(missed(elements)).not.toContain('deny[0]')
})

test('what stands for a listener that nobody has declared is no gap', () => {
  expect(missed(covered([]).elements)).not.toContain('limits.maxSize')
  expect(missed(covered([]).elements)).toContain('listeners.lan.maxSize')
})
