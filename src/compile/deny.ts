import type { DenyRule } from '../config/document.ts'
import type { Stage } from '../graph/graph.ts'
import { coveringBlocks } from '../graph/network.ts'
import { coveringPatterns, foldLocalPart } from '../graph/pattern.ts'
import { assertNever } from '../mail/result.ts'
import type { Builder, Ref, Row } from './builder.ts'
import { isRole } from './final-mailboxes.ts'
import { refusal } from './refusal.ts'
import type { Report } from './report.ts'

/** In the order in which a rule with several conditions asks for them. */
const dimensions = ['client', 'helo', 'login', 'sender', 'recipient', 'destination'] as const
type Dimension = (typeof dimensions)[number]

/** The first stage at which all that a rule asks for is known. */
export function stageOfRule({ when }: DenyRule): Stage {
  if (when.destination !== null) return 'destination'
  if (when.sizeOverBytes !== null) return 'data'
  if (when.recipient !== null) return 'rcpt'
  // Whether the line is encrypted is settled when mail begins.
  if (when.sender !== null || when.logins !== undefined || when.tls !== undefined) return 'mail'
  if (when.helo !== undefined) return 'helo'
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
function onlyDimension(rule: DenyRule): Dimension | null {
  const { when, mode } = rule
  // After what is only observed the rules behind it are asked too: it is no row among theirs.
  if (mode === 'observe' || when.watched !== undefined || when.tls !== undefined) return null
  if (when.listeners !== null || when.sizeOverBytes !== null) return null
  const asked = dimensions.filter((on) => patternsOf(rule, on) !== null)
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
    const to = refuse(build, rule, stage, null, next)
    let decides = false
    let before: DenyRule | undefined
    for (const pattern of patternsOf(rule, on) ?? []) {
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
  let ref = refuse(build, rule, stage, at, next)
  if (when.watched !== undefined) ref = watched(build, rule, when.watched, stage, ref, next)
  if (when.sizeOverBytes !== null) ref = build.compare('size', when.sizeOverBytes, ref, next, at)
  for (const on of dimensions.toReversed()) {
    const patterns = patternsOf(rule, on)
    if (patterns === null) continue
    const to = ref
    ref = build.table(
      on,
      [...new Set(patterns)].map((pattern): Row => [pattern, to, '']),
      next,
      at,
    )
  }
  if (when.tls === 'none') ref = build.choice('tls', [['tls', next]], ref, at)
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

function refuse(build: Builder, { then, mode, at }: DenyRule, stage: Stage, leafAt: string | null, next: Ref): Ref {
  const code = stage === 'connect' ? greetingCode(then.code) : then.code
  if (mode === 'observe') return refusal(build, { ...then, code, at, mode }, next)
  return build.leaf({ kind: 'refuse', code, status: then.status, text: then.text, at: leafAt })
}

/** A server greets with 220, 554 or 421 (RFC 5321 §4.3.2), or with 521 (RFC 7504 §2). */
const greetingCode = (code: number): number => (code < 500 ? 421 : code === 521 ? 521 : 554)

/** The networks of a file that the gateway reads by itself: what is in it is no part of the graph. */
function watched(build: Builder, rule: DenyRule, path: string, stage: Stage, listed: Ref, next: Ref): Ref {
  const { id, at, onError, mode } = rule
  const code = stage === 'connect' ? 421 : 451
  const text = 'your address cannot be checked now, try again later'
  const error =
    onError === 'defer' && mode !== 'observe' ? build.leaf({ kind: 'refuse', code, status: '4.7.1', text, at }) : next
  return build.oracle({ oracle: { kind: 'watched', id, path }, at }, { listed, clear: next, error })
}

/** `null`: the rule does not ask for it. */
function patternsOf({ when }: DenyRule, on: Dimension): readonly string[] | null {
  switch (on) {
    case 'client':
    case 'destination':
      return when[on]
    case 'sender':
    case 'recipient':
      return when[on]?.map(foldPattern) ?? null
    case 'helo':
      return when.helo ?? null
    case 'login':
      return when.logins ?? null
    default:
      return assertNever(on)
  }
}

/** An address pattern in the form of tables, its local part folded. */
export function foldPattern(pattern: string): string {
  const at = pattern.lastIndexOf('@')
  return at < 0 ? pattern : `${foldLocalPart(pattern.slice(0, at))}${pattern.slice(at)}`
}

/** Gives the patterns that cover one, itself too. Of networks only prefix lengths that occur: most of 129 never do. */
function covering(on: Dimension, rules: readonly DenyRule[]): (pattern: string) => string[] {
  switch (on) {
    case 'sender':
    case 'recipient':
    case 'helo':
      return coveringPatterns
    case 'login':
      return coveringLogins
    case 'client':
    case 'destination': {
      const lengths = new Set<number>()
      for (const rule of rules)
        for (const network of patternsOf(rule, on) ?? []) lengths.add(Number(network.slice(network.indexOf('/') + 1)))
      return (network) => coveringBlocks(network, lengths)
    }
    default:
      return assertNever(on)
  }
}

/** `ann@a.example`, `*@a.example`, `*`. */
function coveringLogins(pattern: string): string[] {
  if (pattern === '*') return [pattern]
  const at = pattern.lastIndexOf('@')
  const ofDomain = at < 0 ? [] : [`*${pattern.slice(at)}`]
  return [...new Set([pattern, ...ofDomain, '*'])]
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
