import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { planFileText, readPlan } from '../../src/cli/plan/plan-file.ts'
import { planJsonSchema } from '../../src/cli/plan/plan-schema.ts'
import { planText } from '../../src/cli/plan/plan-text.ts'
import { tempFolder } from '../support/peer.ts'
import { plan } from './plan-fixture.ts'
import { runHere } from './run-here.ts'

const written = (changes: object): string => JSON.stringify({ ...plan, ...changes })

test('a plan that was saved is the plan that is read', () => {
  const read = readPlan(planFileText(plan))
  expect(read).toEqual({ ok: true, value: plan })
})

test('equal plans are equal files, in whatever order they were made', () => {
  const turned = Object.fromEntries(Object.entries(plan).reverse()) as typeof plan
  expect(planFileText(turned)).toBe(planFileText(plan))
  expect(planFileText(plan)).not.toMatch(/\n./)
})

test('the schema of plans is that of the code (npx vitest run test/cli/plan-file.test.ts -u writes it)', async () => {
  await expect(`${JSON.stringify(planJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
    '../../schemas/plan.v1.schema.json',
  )
})

test('every member of a plan stands in the schema', () => {
  const { properties, required } = planJsonSchema() as { properties: object; required: string[] }
  expect(Object.keys(properties).sort()).toEqual(Object.keys(plan).sort())
  // Added later than the first plans.
  const later = ['overlays']
  expect([...required, ...later].sort()).toEqual(Object.keys(plan).sort())
})

test('plan show prints a saved plan in any form', async () => {
  const file = join(tempFolder(), 'x.mgwplan')
  writeFileSync(file, planFileText(plan))
  expect((await runHere(['plan', 'show', file])).out).toBe(planText(plan, false))
  expect(JSON.parse((await runHere(['plan', 'show', file, '--json'])).out)).toEqual(plan)
  expect((await runHere(['plan', 'show', '--markdown', file])).out).toMatch(/^<!-- mailgw plan /)
  expect((await runHere(['plan', 'show', file, '--hash'])).out).toBe(`${plan.changeSet.hash}\n`)
})

test('a plan of another format says which mailgw wrote it', async () => {
  const file = join(tempFolder(), 'x.mgwplan')
  writeFileSync(file, written({ format: 'mailgw-plan/9', version: '7.1.0' }))
  const { code, err } = await runHere(['plan', 'show', file])
  expect(code).toBe(1)
  expect(err).toContain('the plan was written by mailgw 7.1.0 in the format mailgw-plan/9; this mailgw ')
})

test('what a later mailgw added to a plan is left out, and the rest is read', () => {
  expect(readPlan(written({ version: '0.9.0', weather: 'fine' }))).toEqual({
    ok: true,
    value: { ...plan, version: '0.9.0' },
  })
})

test('a plan of before there were overlays is read', () => {
  const { overlays, ...older } = plan
  expect(overlays).toHaveLength(1)
  expect(readPlan(JSON.stringify(older))).toEqual({ ok: true, value: { ...plan, overlays: [] } })
})

test.each([
  ['no JSON', '{', 'not a plan: '],
  [
    'something else',
    '{"format":"mailgw-bundle/1"}',
    'not a plan: expected the format mailgw-plan/1, got "mailgw-bundle/1"',
  ],
  ['a list', '[]', 'not a plan: expected the format mailgw-plan/1, got nothing'],
  ['null', 'null', 'not a plan: expected the format mailgw-plan/1, got nothing'],
  ['a damaged one', written({ changeSet: { ...plan.changeSet, hash: 7 } }), 'has another shape at changeSet.hash'],
])('%s is refused in one sentence', (_, text, error) => {
  const read = readPlan(text)
  expect(read.ok).toBe(false)
  expect(read.ok ? '' : read.error).toContain(error)
})
