import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { reportSchema } from '../../src/cli/test/report-schema.ts'
import { runHere } from './run-here.ts'

const root = join(import.meta.dirname, '../..')

/** Runs the tests that stand beside a document of this repository. */
async function tested(config: string, ...more: readonly string[]) {
  const { code, out, err } = await runHere(['test', '--config', join(root, config), '--json', ...more])
  expect(code, `${out}${err}`).toBe(0)
  return reportSchema.parse(JSON.parse(out))
}

describe('the documents of this repository do what their tests say, and no mistake in them would go unnoticed', () => {
  test.each([
    'mailgw.config.ts',
    'examples/minimal.yaml',
    'examples/smart-host/mailgw.config.ts',
    'examples/edge/mailgw.config.ts',
    'examples/mailq/mailgw.config.ts',
    'examples/microsoft-365/mailgw.config.ts',
  ])('%s', async (config) => {
    const { cases, mutation } = await tested(config, '--suggest')
    expect(cases.length).toBeGreaterThan(4)
    expect(mutation!.mutants).toBeGreaterThan(4)
    const left = mutation!.survivors.filter(({ suggestion }) => suggestion?.kind !== 'same')
    expect(left.map(({ at, what, suggestion }) => `${at} ${what}: ${suggestion?.text}`)).toEqual([])
  })
})

test('examples/large-table does what its tests say', async () => {
  const { passed, coverage } = await tested('examples/large-table/mailgw.config.ts', '--coverage')
  expect(passed).toBe(5)
  // A row for each of a hundred stores, of which the tests try two.
  expect(coverage!.rows.missing.length).toBeGreaterThan(100)
})

test('examples/google-workspace does what its tests say', async () => {
  expect((await tested('examples/google-workspace/mailgw.yaml')).passed).toBe(4)
})
