import type { DenyRule } from '../config/document.ts'
import type { Stage } from '../graph/graph.ts'
import { coveringBlocks } from '../graph/network.ts'
import { coveringPatterns, foldLocalPart } from '../graph/pattern.ts'
import type { Builder, Ref, Row } from './builder.ts'
import { isRole } from './final-mailboxes.ts'
import type { Report } from './report.ts'

type Dimension = 'client' | 'sender' | 'recipient' | 'destination'

/** The first stage at which all that a rule asks for is known. */
export function stageOfRule({ when }: DenyRule): Stage {
  if (when.destination !== null) return 'destination'
  if (when.sizeOverBytes !== null) return 'data'
  if (when.recipient !== null) return 'rcpt'
  if (when.sender !== null) return 'mail'
  return 'connect'
}

/** The rules of one stage, first match wins, in front of `next`. */
export function denyRules(build: Builder, rules: readonly DenyRule[], stage: Stage, next: Ref, report: Report): Ref {
  let after = next
  const mine = rules.filter((rule) => stageOfRule(rule) === stage)
  for (let end = mine.length; end > 0; ) {
    const last = mine[end - 1]!
    const on = onlyDimension(last)
    let start = end - 1
    if (on === null) after = conjunction(build, last, stage, after)
    else {
      while (start > 0 && onlyDimension(mine[start - 1]!) === on) start--
      after = folded(build, mine.slice(start, end), on, stage, after, report)
    }
    end = start
  }
  return after
}

/** The one dimension that a rule looks at, or `null` when there are more or it is none of a table. */
function onlyDimension({ when }: DenyRule): Dimension | null {
  if (when.listeners !== null || when.sizeOverBytes !== null) return null
  const asked = (['client', 'sender', 'recipient', 'destination'] as const).filter((on) => when[on] !== null)
  return asked.length === 1 ? asked[0]! : null
}

/**
 * Rules that follow each other and look at one dimension are one table. A table takes the most specific row and rules the
 * first, so a pattern that an earlier rule covers as a whole is left out: it could never have decided. Patterns of a
 * dimension are nested or disjoint, hence what is left means the same.
 */
function folded(
  build: Builder,
  rules: readonly DenyRule[],
  on: Dimension,
  stage: Stage,
  next: Ref,
  report: Report,
): Ref {
  const coverers = covering(on, rules)
  const rows = new Map<string, Row>()
  const owner = new Map<string, DenyRule>()
  for (const rule of rules) {
    const to = refusal(build, rule, stage, null)
    let decides = false
    let before: DenyRule | undefined
    for (const pattern of patternsOf(rule, on)) {
      const covered = coverers(pattern)
        .map((above) => owner.get(above))
        .find((other) => other !== undefined && other !== rule)
      if (covered !== undefined) {
        before = covered
        continue
      }
      decides = true
      rows.set(pattern, [pattern, to, rule.at])
      owner.set(pattern, rule)
    }
    if (!decides && before !== undefined) {
      report.warning('MG2005', rule.at, `never decides: ${before.at} covers all of it`, {
        at: before.at,
        message: 'covers it',
      })
    }
  }
  return build.table(on, rows.values(), next)
}

/** A rule with several conditions, asked one by one; each that does not hold leads on to the next rule. */
function conjunction(build: Builder, rule: DenyRule, stage: Stage, next: Ref): Ref {
  const { when, at } = rule
  let ref = refusal(build, rule, stage, at)
  if (when.sizeOverBytes !== null) ref = build.compare('size', when.sizeOverBytes, ref, next, at)
  for (const on of ['destination', 'recipient', 'sender', 'client'] as const) {
    if (when[on] === null) continue
    const to = ref
    ref = build.table(
      on,
      [...new Set(patternsOf(rule, on))].map((pattern): Row => [pattern, to, '']),
      next,
      at,
    )
  }
  if (when.listeners !== null) {
    const to = ref
    ref = build.choice(
      'listener',
      [...new Set(when.listeners)].map((name) => [name, to] as const),
      next,
      at,
    )
  }
  return ref
}

function refusal(build: Builder, { then }: DenyRule, stage: Stage, at: string | null): Ref {
  return build.leaf({
    kind: 'refuse',
    code: stage === 'connect' ? greetingCode(then.code) : then.code,
    status: then.status,
    text: then.text,
    at,
  })
}

/** A server greets with 220, 554 or 421 (RFC 5321 §4.3.2), or with 521 (RFC 7504 §2). */
const greetingCode = (code: number): number => (code < 500 ? 421 : code === 521 ? 521 : 554)

function patternsOf({ when }: DenyRule, on: Dimension): readonly string[] {
  const patterns = when[on] ?? []
  return on === 'client' || on === 'destination' ? patterns : patterns.map(foldPattern)
}

/** An address pattern in the form of tables, its local part folded. */
export function foldPattern(pattern: string): string {
  const at = pattern.lastIndexOf('@')
  return at < 0 ? pattern : `${foldLocalPart(pattern.slice(0, at))}${pattern.slice(at)}`
}

/** Gives the patterns that cover one, itself too. Of networks only prefix lengths that occur: most of 129 never do. */
function covering(on: Dimension, rules: readonly DenyRule[]): (pattern: string) => string[] {
  if (on === 'sender' || on === 'recipient') return coveringPatterns
  const lengths = new Set<number>()
  for (const rule of rules)
    for (const network of patternsOf(rule, on)) lengths.add(Number(network.slice(network.indexOf('/') + 1)))
  return (network) => coveringBlocks(network, lengths)
}

/** What the rules say against the standards: a rule that asks only for a role mailbox never decides. */
export function checkDeny(rules: readonly DenyRule[], ours: (domain: string) => boolean, report: Report): void {
  for (const rule of rules) {
    const { recipient } = rule.when
    if (recipient === null || recipient.length === 0) continue
    const always = recipient.filter((pattern) => {
      const at = pattern.lastIndexOf('@')
      return at >= 0 && isRole(pattern.slice(0, at)) && ours(pattern.slice(at + 1))
    })
    if (always.length === recipient.length && stageOfRule(rule) === 'rcpt') {
      report.warning('MG2005', rule.at, `never decides: ${always.join(', ')} is always accepted (RFC 5321 §4.5.1)`)
    }
  }
}
