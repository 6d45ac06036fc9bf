import { describe, expect, test } from 'vitest'
import type { Change } from '../../src/analysis/change-set.ts'
import { moveWords } from '../../src/cli/plan/change-words.ts'
import type { Plan } from '../../src/cli/plan/plan.ts'
import { exitCodeOf } from '../../src/cli/plan/plan.ts'
import { maxMarkdown, planMarkdown } from '../../src/cli/plan/plan-markdown.ts'
import { planText } from '../../src/cli/plan/plan-text.ts'
import { changeSet, longPlan, plan, relayed, rerouted, violated } from './plan-fixture.ts'

const golden = (name: string) => `../golden/plan/${name}`

test('a plan at a terminal', async () => {
  await expect(planText(plan, false)).toMatchFileSnapshot(golden('every-part.txt'))
})

test('a plan in a pull request', async () => {
  await expect(planMarkdown(plan)).toMatchFileSnapshot(golden('every-part.md'))
})

test('each move is explained by what was edited for it, and moves with one cause stand together', () => {
  const [moved] = rerouted.moves
  const at = (line: number) => [{ ...rerouted.causes[1]!, line }]
  const of = (domain: string, line: number) => ({
    ...moved!,
    recipients: [{ pattern: domain, except: [] }],
    causes: at(line),
  })
  const change = { ...rerouted, moves: [of('a.example', 25), of('b.example', 20), of('c.example', 25)] }
  const text = planText({ ...plan, changeSet: { ...changeSet, changes: [change] }, replay: null }, false)
  expect(text).toContain(
    [
      '   moves      a.example: goes to bart:26 -> goes to lisa:25',
      '              c.example: goes to bart:26 -> goes to lisa:25',
      '   because    + localMx["example.com"]  site/mailgw.config.ts:25:5',
      '   moves      b.example: goes to bart:26 -> goes to lisa:25',
      "   because    + trusted: ['203.0.113.0/24'],  site/mailgw.config.ts:20:5",
    ].join('\n'),
  )
})

test('moves name the TLS level where it is not the same for all mail of the plan', () => {
  const at = (tls: 'may' | 'encrypt') => ({
    ...rerouted,
    moves: [{ ...rerouted.moves[0]!, tls: { from: tls, to: tls } }],
  })
  const textOf = (...changes: Change[]) =>
    planText({ ...plan, changeSet: { ...changeSet, changes }, replay: null }, false)
  expect(textOf(at('may'), at('may'))).not.toContain('TLS')
  expect(textOf(at('may'), at('encrypt'))).toContain('from now   goes to lisa:25, TLS may\n')
  expect(textOf(at('may'), at('encrypt'))).toContain('from now   goes to lisa:25, TLS encrypt\n')
})

test('colour changes no word', () => {
  const coloured = planText(plan, true)
  expect(coloured).toContain('\u001b[')
  expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(planText(plan, false))
})

test('a plan without changes says that nothing changes, and that this is proved', () => {
  const same: Plan = {
    ...plan,
    changeSet: { ...changeSet, changes: [], destinations: [], settings: [] },
    proofs: [],
    tests: null,
    queue: null,
    replay: null,
  }
  expect(planText(same, false)).toContain('Nothing changes.')
  expect(planText(same, false)).toContain('every message is decided as before. This is proved')
  expect(exitCodeOf(same)).toBe(0)
})

test('what could not be decided is said, nothing is called proved, and the plan is not "the same"', () => {
  const open: Plan = {
    ...plan,
    changeSet: { ...changeSet, changes: [], destinations: [], settings: [], unknown: ['mail to a.example: budget'] },
  }
  expect(planText(open, false)).toContain('NOT DECIDED\n   mail to a.example: budget')
  expect(planText(open, false)).not.toContain('This is proved')
  expect(planMarkdown(open)).toContain('not everything could be decided')
  expect(exitCodeOf(open)).toBe(2)
})

test.each([
  ['decisions change and all holds', plan, 2],
  ['only settings change', { ...plan, changeSet: { ...changeSet, changes: [], destinations: [] } }, 2],
  ['a proof fails', { ...plan, proofs: [violated] }, 1],
  ['a proof could not be decided', { ...plan, proofs: [{ ...violated, verdict: 'UNKNOWN' as const }] }, 1],
  ['what is only advised does not hold', { ...plan, proofs: [{ ...violated, severity: 'warning' as const }] }, 2],
  ['a test fails', { ...plan, tests: { passed: 1, failed: 1, failures: ['a.test: x'] } }, 1],
])('exit code when %s', (_, given, code) => {
  expect(exitCodeOf(given)).toBe(code)
  expect(planText(given, false).includes('FAILED')).toBe(code === 1)
})

test('a proof that fails says for whom, where, and how to see it', () => {
  const text = planText({ ...plan, proofs: [violated] }, false)
  expect(text).toContain(
    [
      'VIOLATED   noOpenRelay()',
      '           192.0.2.1, who is not internal, can send to x@elsewhere.example, who is not ours',
      '           mailgw.config.ts:9:3 lets everybody relay',
      '           mailgw explain --client 192.0.2.1 --to x@elsewhere.example',
    ].join('\n'),
  )
})

test.each([
  ['to bart:26', 'goes to bart:26'],
  ['relay isp', 'goes to relay isp'],
  ['MX hosts (TLS may)', 'goes to the MX hosts of its domain (TLS may)'],
  ['into mail', 'is delivered into mail'],
  ['held: moving', 'is accepted and held: moving'],
  ['discarded', 'is accepted and thrown away'],
  ['refused 550 5.7.1 no', 'refused 550 5.7.1 no'],
  ['a@b.example relay isp', 'as a@b.example goes to relay isp'],
  [
    'a@b.example relay isp, c@d.example to x:25, then y:25',
    'as a@b.example goes to relay isp; as c@d.example goes to x:25, then y:25',
  ],
  ['7 others', '7 others'],
])('the move "%s" reads "%s"', (text, words) => expect(moveWords(text)).toBe(words))

test('a hostile document can neither move the cursor nor begin a line of its own', () => {
  const evil = { ...rerouted, moves: [{ from: 'to a:25', to: 'refused 550 5.7.1 x\n::error::y\u001b[2J', classes: 1 }] }
  const text = planText({ ...plan, changeSet: { ...changeSet, changes: [evil] }, replay: null }, false)
  expect(text).not.toContain('\u001b')
  expect(text.split('\n').filter((line) => line.trimStart().startsWith('::'))).toEqual([])
})

test('a hostile document cannot end the code block of a comment', () => {
  const evil = { ...rerouted, moves: [{ from: 'to a:25', to: '```\n<img src=x>@everyone', classes: 1 }] }
  const text = planMarkdown({ ...plan, changeSet: { ...changeSet, changes: [evil] }, replay: null })
  const block = /^(`{4,})text\n([\s\S]*?)\n\1$/m.exec(text)
  expect(block?.[2]).toContain('@everyone')
  expect(text.replace(block![0], '')).not.toContain('@everyone')
})

test('one of the same document has the same marker, whatever changes', () => {
  const [first] = planMarkdown(plan).split('\n')
  expect(first).toBe('<!-- mailgw plan site/mailgw.config.ts -->')
  expect(planMarkdown(longPlan(3, 1)).split('\n')[0]).toBe(first)
})

test('a comment that is too long loses the least dangerous changes, and says how many', () => {
  const text = planMarkdown(longPlan(300, 20))
  expect(text.length).toBeLessThanOrEqual(maxMarkdown)
  expect(text.length).toBeGreaterThan(maxMarkdown - 3000)
  expect(text.match(/^\*\*\d+\. :warning: relayed from outside/gm)).toHaveLength(20)
  const shown = text.match(/^\*\*\d+\. /gm)!.length
  expect(text).toContain(`**${300 - shown} of 300 changes are not shown here** (${300 - shown} goes elsewhere)`)
  expect(text).toContain(changeSet.hash)
})

test('a comment is never too long, whatever is long in it', () => {
  const long = 'x'.repeat(5000)
  const settings = Array.from({ length: 400 }, (_, i) => ({ at: `relays.r${i}`, from: long, to: null }))
  const change = { ...relayed, moves: Array.from({ length: 500 }, () => ({ from: long, to: long, classes: 1 })) }
  const text = planMarkdown({ ...plan, changeSet: { ...changeSet, changes: [change], settings }, replay: null })
  expect(text.length).toBeLessThanOrEqual(maxMarkdown)
  expect(text).toContain('relayed from outside')
})

describe('traffic of which some could not be weighed', () => {
  const withUnknown = (hashed: number, inside: number) => {
    const { replay } = plan
    const changes = replay!.changes.map((one) => ({ ...one, records: one.records === 0 ? 0 : inside }))
    const unknown = { oracles: {}, hashed, unreadable: 0 }
    return planText({ ...plan, replay: { ...replay!, records: 20_000, changes, unknown } }, false)
  }

  test('every number is a least one, and it is said why', () => {
    const text = withUnknown(300, 40)
    expect(text).toContain(
      'none of the 20,000 messages of the last 7 days is in it, but for 300 that could not be weighed',
    )
    expect(text).toContain('at least 40 of the 20,000 messages of the last 7 days are in it')
    expect(text).toContain('at least 40 of 20,000 messages of the last 7 days would go another way')
    expect(text).toContain('300 have a hashed local part in a domain of which the documents name local parts')
  })

  test('where none could be weighed nothing is said to be in no change', () => {
    const text = withUnknown(20_000, 0)
    expect(text).toContain('none of the 20,000 messages of the last 7 days could be weighed')
    expect(text).not.toContain('is in it')
  })
})
