import { expect, test } from 'vitest'
import { classesOf } from '../../src/analysis/suite-classes.ts'
import { runCases } from '../../src/analysis/suite-run.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import { casesOf, graphOf, siteDocument } from './suite-site.ts'

const graph = graphOf(siteDocument)
const classes = (rows: readonly unknown[]) =>
  classesOf(graph, rows.length === 0 ? [] : runCases(interpreter(graph), casesOf(graph, rows)))!
const inside = { listener: 'lan', client: '10.1.2.3', from: 'ann@corp.example', size: '1KB', hops: 1 }

test('each test is in exactly one class, and two that are treated alike are in the same', () => {
  const none = classes([])
  expect(none.covered).toBe(0)
  expect(none.all).toBe(none.missing.length)
  expect(none.all).toBeGreaterThan(15)

  const one = classes([{ ...inside, to: 'a@b.org', expect: 'relay isp' }])
  expect(one).toMatchObject({ all: none.all, covered: 1 })
  const same = { ...inside, client: '10.9.9.9', to: 'other@c.org', expect: 'relay isp' }
  expect(classes([{ ...inside, to: 'a@b.org', expect: 'relay isp' }, same])).toMatchObject({ covered: 1 })
  const other = { ...inside, to: 'a@x.partner.example', expect: 'relay partner' }
  expect(classes([{ ...inside, to: 'a@b.org', expect: 'relay isp' }, other])).toMatchObject({ covered: 2 })
})

test('what is missing says what would come of it', () => {
  const texts = classes([{ ...inside, to: 'a@b.org', expect: 'relay isp' }]).missing.map(({ text }) => text)
  expect(texts).toContain('relay partner')
  expect(texts).toContain('discarded')
  expect(texts.some((text) => text.startsWith('refused 550 5.7.1 relaying denied'))).toBe(true)
})
