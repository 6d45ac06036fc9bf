import type { z } from 'zod'
import type { Code } from './codes.ts'
import { type DocPath, pathText } from './positions.ts'
import { wanted } from './schema-values.ts'
import { TableFile } from './source.ts'
import { didYouMean, suggest } from './suggest.ts'
import { type Report, type Spot, shown } from './validate-report.ts'

type Issue = z.core.$ZodIssue

/** Where a part of the checked value stands, its path being within that value. */
export type Locate = (path: DocPath, part: 'key' | 'value') => Spot

type Checked = { readonly root: unknown; readonly report: Report; readonly locate: Locate }

/** Checks a value against a schema; tells every problem, and marks what is wrong. True when nothing is. */
export function checkStructure(schema: z.ZodType, root: unknown, report: Report, locate: Locate): boolean {
  const result = schema.safeParse(root)
  if (result.success) return true
  tellAll(result.error.issues, [], { root, report, locate })
  return false
}

/** A key that was misspelt is one mistake: that the right one is missing is not told as well. */
function tellAll(issues: readonly Issue[], base: DocPath, checked: Checked): void {
  const meant = new Set<string>()
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue
    for (const key of issue.keys) {
      const guess = suggest(key, issue.message.split(' '))
      if (guess !== null) meant.add(pathText([...(issue.path as DocPath), guess]))
    }
  }
  for (const issue of issues) {
    const path = [...base, ...(issue.path as DocPath)]
    if (meant.has(pathText(issue.path as DocPath)) && valueAt(checked.root, path) === undefined)
      checked.report.spoil(checked.locate(path, 'value').path)
    else tell(issue, path, checked)
  }
}

/** Turns one issue of zod into a diagnostic. The message of an issue is what was wanted (see `schema-values.ts`). */
function tell(issue: Issue, path: DocPath, checked: Checked): void {
  const { report, locate } = checked
  if (insideTable(checked.root, path)) return
  const value = valueAt(checked.root, path)
  const spot = locate(path, 'value')
  report.spoil(spot.path)

  if (value instanceof TableFile) {
    const expected = issue.code === 'unrecognized_keys' ? wanted.object : issue.message
    report.error('MG1201', spot, `expected ${expected}, got a table`)
  } else if (issue.code === 'unrecognized_keys') {
    tellKeys(issue.keys, issue.message.split(' '), path, value, checked)
  } else if (value === undefined && path.length > 0) {
    const at = typeof path.at(-1) === 'number' ? spot : locate(path.slice(0, -1), 'key')
    report.error('MG1202', at, `expected ${missing(path)} (${issue.message}), got nothing`)
  } else if (issue.code === 'invalid_union') {
    tellUnion(issue.errors, issue.message, path, value, checked)
  } else {
    const { code, got, hint } = describe(issue, value)
    report.error(code, spot, `expected ${issue.message}, got ${got}`, { hint })
  }
}

function describe(issue: Issue, value: unknown): { code: Code; got: string; hint: string | null } {
  const got = shown(value)
  if (issue.message === wanted.secret) {
    // What came is perhaps the password: it is not repeated.
    const hint = 'move it out of the document: to an environment variable, a file or a program of the gateway'
    return { code: 'MG1206', got: typeof value === 'string' ? 'a text (not shown)' : got, hint }
  }
  switch (issue.code) {
    case 'invalid_value':
      return {
        code: 'MG1204',
        got,
        hint: typeof value === 'string' ? didYouMean(value, issue.values.map(String)) : null,
      }
    case 'too_small':
    case 'too_big':
      return { code: 'MG1208', got, hint: null }
    default:
      return { code: 'MG1201', got, hint: unitHint(issue.message, value) }
  }
}

/**
 * Of a choice, tells the problems of the alternative that was meant: the one of the right kind, of several objects the
 * one whose keys are there. When none is, tells what may stand here.
 */
function tellUnion(
  branches: readonly (readonly Issue[])[],
  expected: string,
  path: DocPath,
  value: unknown,
  checked: Checked,
): void {
  const { report, locate } = checked
  const fitting = branches.filter(
    (issues) => !issues.some(({ path: at, code }) => at.length === 0 && code !== 'unrecognized_keys'),
  )
  const strange = (issues: readonly Issue[]) =>
    issues.flatMap((issue) => (issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : []))
  const keys = isObject(value) ? Object.keys(value) : []
  const meant = fitting.filter((issues) => fitting.length === 1 || strange(issues).length < keys.length)
  const [best] = meant.sort((a, b) => strange(a).length - strange(b).length)
  if (best !== undefined) {
    tellAll(best, path, checked)
    return
  }
  if (fitting.length > 0 && keys.length > 0) {
    const known = fitting.flatMap((issues) =>
      issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.message.split(' ') : [])),
    )
    tellKeys(keys, known, path, value, checked)
    return
  }
  const words = branches.flatMap((issues) =>
    issues.flatMap((issue) => (issue.code === 'invalid_value' ? issue.values.map(String) : [])),
  )
  const word = typeof value === 'string' && words.length > 0
  const hint = word ? didYouMean(value, words) : unitHint(expected, value)
  report.error(word ? 'MG1204' : 'MG1201', locate(path, 'value'), `expected ${expected}, got ${shown(value)}`, { hint })
}

function tellKeys(
  keys: readonly string[],
  known: readonly string[],
  path: DocPath,
  value: unknown,
  { report, locate }: Checked,
): void {
  const free = known.filter((key) => !isObject(value) || !Object.hasOwn(value, key))
  // `include` is gone before the schema sees a document, but may be what somebody meant.
  const candidates = path.length === 0 && known.includes('hostname') ? [...free, 'include'] : free
  for (const key of keys) {
    const spot = locate([...path, key], 'key')
    report.spoil(spot.path)
    if (key === 'port' && path.at(-1) === 'mx') {
      report.error('MG1316', spot, 'mx() takes no port', { hint: 'MX hosts listen on 25; in a lab, set mxPort' })
      continue
    }
    const list = free.length > 0 && free.length <= 12 ? `keys that may stand here: ${free.join(', ')}` : null
    report.error('MG1203', spot, `unknown key ${JSON.stringify(key)}`, { hint: didYouMean(key, candidates) ?? list })
  }
}

function unitHint(expected: string, value: unknown): string | null {
  if (typeof value !== 'number') return null
  const hint = (one: string, other: string) =>
    `a bare number has no unit: did you mean "${value}${one}" or "${value}${other}"?`
  if (expected.startsWith(wanted.duration)) return hint('s', 'm')
  return expected.startsWith(wanted.size) ? hint('MiB', 'B') : null
}

const missing = (path: DocPath): string => {
  const key = path.at(-1)
  return typeof key === 'number' ? 'a value' : `the key "${key}"`
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof TableFile)

function valueAt(root: unknown, path: DocPath): unknown {
  let value = root
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<string | number, unknown>)[part]
  }
  return value
}

function insideTable(root: unknown, path: DocPath): boolean {
  return path.some((_, length) => length > 0 && valueAt(root, path.slice(0, length)) instanceof TableFile)
}
