import { z } from 'zod'
import { proofOf } from '../../analysis/prove.ts'
import { subjectOf } from '../../analysis/prove-witness.ts'
import { claimOf } from '../../compile/claims.ts'
import type { Diagnostic } from '../../config/diagnostic.ts'
import type { ClaimEntry } from '../../config/document-claims.ts'
import { type DocPath, type Positions, pathText } from '../../config/positions.ts'
import { claim as claimSchema } from '../../config/schema-claims.ts'
import type { Source } from '../../config/source.ts'
import { claims } from '../../config/validate-claims.ts'
import { findings, sorted } from '../../config/validate-report.ts'
import { checkStructure } from '../../config/validate-structure.ts'
import type { Bundle } from '../../graph/bundle.ts'
import type { ProvedClaim } from './outcome.ts'
import type { Known, WrittenClaim } from './read-cases.ts'

/** A claim of a test, read like one of `prove`. */
export type TestClaim = {
  readonly suite: string
  readonly place: ProvedClaim['place']
  readonly entry: ClaimEntry
}

/** Reads the claims of a file of tests by the same rules as those of the document, with everything that is wrong. */
export function readClaims(
  { positions }: Source,
  written: readonly WrittenClaim[],
  { listeners, relays, oracles }: Known,
): { readonly claims: readonly TestClaim[]; readonly diagnostics: readonly Diagnostic[] } {
  const section = written.map(({ box, claim }) => ({ forAll: box, ...Object.fromEntries(claim) }))
  const { report, diagnostics } = findings(inTests(positions, written))
  const base: DocPath = ['prove']
  checkStructure(z.array(claimSchema), section, report, (path, part) => ({ kind: part, path: [...base, ...path] }))
  const entries = claims(report, section, {
    listener: listeners,
    relay: relays,
    dnsbl: oracles.flatMap((name) => /^dnsbl\.(.+)$/.exec(name)?.[1] ?? []),
  })
  const found = entries.map((entry): TestClaim => {
    const { suite, path } = written[Number(/\d+/.exec(entry.at)![0])]!
    return { suite, place: positions.value(path), entry }
  })
  return { claims: found, diagnostics: sorted(diagnostics.map((one) => named(one, written))) }
}

/** A problem under the name that the tests have for its place, not under that of the section. */
function named(diagnostic: Diagnostic, written: readonly WrittenClaim[]): Diagnostic {
  const [whole, i, forAll] = /^prove\[(\d+)\](\.forAll)?/.exec(diagnostic.path) ?? []
  const one = written[Number(i)]
  if (whole === undefined || one === undefined) return diagnostic
  const path = `${pathText([...one.path, ...(forAll === undefined ? [] : ['all'])])}${diagnostic.path.slice(whole.length)}`
  const { message } = diagnostic
  return {
    ...diagnostic,
    path,
    message: message.startsWith(whole) ? path + message.slice(diagnostic.path.length) : message,
  }
}

/** Where a claim of the section that was made above stands in the tests. */
function inTests(positions: Positions, written: readonly WrittenClaim[]): Positions {
  const moved = ([, i, key, ...rest]: DocPath): DocPath => {
    const one = written[Number(i)]
    if (one === undefined) return []
    if (key === undefined) return one.path
    return key === 'forAll' ? [...one.path, 'all', ...rest] : [...one.path, ...one.claimPath(String(key)), ...rest]
  }
  return { key: (path) => positions.key(moved(path)), value: (path) => positions.value(moved(path)) }
}

/** Proves each claim of the tests for every message of its box: none is tried, all are decided. */
export function proveClaims(bundle: Bundle, written: readonly TestClaim[]): readonly ProvedClaim[] {
  const subject = subjectOf(bundle)
  return written.map(({ suite, place, entry }) => {
    return { suite, place, proof: proofOf(subject, claimOf(entry, bundle.graph.claims), null, 'error') }
  })
}
