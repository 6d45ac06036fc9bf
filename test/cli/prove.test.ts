import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { prove } from '../../src/analysis/prove.ts'
import { codeOf, proofCodes } from '../../src/cli/prove/proof-codes.ts'
import { proofReport, proofsJsonSchema } from '../../src/cli/prove/proof-schema.ts'
import { compile } from '../../src/compile/compile.ts'
import { makeBundle } from '../../src/graph/bundle.ts'
import { claimText } from '../../src/graph/claim-text.ts'
import { noSources } from '../../src/graph/sources.ts'
import { aDocument, deny } from '../compile/a-document.ts'

const file = (name: string) => readFileSync(join(import.meta.dirname, '../..', name), 'utf8')

test('schemas/proofs.v1.schema.json is made from the code (npm run build && npm run schema)', () => {
  expect(file('schemas/proofs.v1.schema.json')).toBe(`${JSON.stringify(proofsJsonSchema(), null, 2)}\n`)
})

test('docs/prove.md has every code with its meaning', () => {
  for (const [code, meaning] of Object.entries(proofCodes))
    expect(file('docs/prove.md')).toContain(`| ${code} | ${meaning} |`)
})

test('a report is what its schema says, and every claim has a code', () => {
  const document = aDocument({ deny: [deny(0, { sender: ['<>'], recipient: ['example.com'] })] })
  const report = prove(makeBundle(compile(document).graph, noSources))
  expect(proofReport.parse(JSON.parse(JSON.stringify(report)))).toEqual(report)
  for (const { claim } of report.proofs) expect(codeOf(claim)).toMatch(/^MG30\d\d$/)
  expect(codeOf(claimText({ at: '', kind: 'tlsFloor', pattern: '*', level: 'may' }))).toBe('MG3010')
  expect(() => codeOf('somethingElse()')).toThrow('no code')
})
