import { relative } from 'node:path'
import type { CaseResult } from '../../analysis/suite-run.ts'
import { caseText } from '../../analysis/suite-words.ts'
import { failureFields, type TextOptions } from './failure-text.ts'
import type { Outcome } from './outcome.ts'

/** What build servers read: one `testsuite` for each suite. Times are left out, as a run takes none that matters. */
export function junit({ results, proofs, smtp }: Outcome, options: TextOptions): string {
  const suites = new Map<string, string[]>()
  let failures = 0
  const add = (suite: string, name: string, file: string, failure: string | null, skipped: string | null = null) => {
    if (failure !== null) failures++
    const inner =
      failure !== null
        ? `<failure message="${escaped(failure.split('\n')[0]!)}">${escaped(failure)}</failure>`
        : skipped !== null
          ? `<skipped message="${escaped(skipped)}"/>`
          : ''
    const attributes = `name="${escaped(name)}" classname="${escaped(suite)}" file="${escaped(file)}"`
    const element = inner === '' ? `<testcase ${attributes}/>` : `<testcase ${attributes}>${inner}</testcase>`
    suites.set(suite, [...(suites.get(suite) ?? []), `    ${element}`])
  }
  const fileOf = (place: { readonly file: string } | null) => (place === null ? '' : relative(options.cwd, place.file))
  for (const result of results) {
    const { suite, place } = result.case
    add(suite, caseText(result.case), fileOf(place), failureOf(result, options))
  }
  for (const { suite, place, proof } of proofs) {
    const holds = proof.verdict === 'PROVED' || proof.verdict === 'PROVED-IF'
    const failure = [`${proof.verdict}: ${proof.reason}`, ...(proof.witness === null ? [] : [proof.witness.explain])]
    add(suite, `${proof.claim} (proof)`, fileOf(place), holds ? null : failure.join('\n'))
  }
  for (const { case: one, kind, text } of smtp ?? []) {
    const name = `${caseText(one)} (over SMTP)`
    add(one.suite, name, fileOf(one.place), kind === 'differs' ? text : null, kind === 'skipped' ? text : null)
  }
  const all = [...suites.values()].reduce((sum, cases) => sum + cases.length, 0)
  const lines = [...suites].map(([name, cases]) => {
    const failed = cases.filter((line) => line.includes('<failure ')).length
    const head = `  <testsuite name="${escaped(name)}" tests="${cases.length}" failures="${failed}">`
    return [head, ...cases, '  </testsuite>'].join('\n')
  })
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="mailgw test" tests="${all}" failures="${failures}">`,
    ...lines,
    '</testsuites>',
    '',
  ].join('\n')
}

function failureOf(result: CaseResult, options: TextOptions): string | null {
  if (result.verdict.kind === 'passed') return null
  const { place } = result.case
  const where = place === null ? [] : [`${relative(options.cwd, place.file)}:${place.line}:${place.column}`]
  const fields = failureFields(result, options).map(([name, text]) => `${name}: ${text}`)
  return [...fields.filter((line) => line.startsWith('got')), ...where, ...fields].join('\n')
}

/** Control characters have no place in XML 1.0, not even escaped. */
const escaped = (text: string): string =>
  text
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff](?![\udc00-\udfff])/g, '?')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
