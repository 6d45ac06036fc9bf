import type { Evaluator, Facts } from '../graph/evaluator.ts'
import { type Branch, type Described, explain, type Walk } from '../graph/explanation.ts'
import type { Outcome } from '../graph/graph.ts'
import type { Interpreter } from '../graph/interpret.ts'
import { mailboxKey } from '../graph/pattern.ts'
import { routeOf } from '../graph/route-of.ts'
import type { Route } from '../mail/next-hop.ts'
import { parseMailbox } from '../mail/path.ts'
import type { Decider, Ending, Fate, Way } from './suite-case.ts'

/** An ending with the walks that lead there. */
export type Traced = Ending & { readonly walks: readonly Walk[] }

/**
 * Everything that can come of a message: one ending for each set of answers of the oracles that are asked and not
 * assumed. With all of them assumed there is one. A rate that is not assumed is taken as not used up.
 */
export function endingsOf(
  evaluator: Interpreter | Evaluator,
  message: Described,
  assume: ReadonlyMap<string, Outcome>,
): readonly Traced[] {
  const { outcome } = explain(evaluator, message, assume)
  const found: Traced[] = []
  follow(outcome, [], new Map())
  return found

  function follow({ walks: more, end }: Branch, before: readonly Walk[], answers: ReadonlyMap<string, Outcome>): void {
    const walks = [...before, ...more]
    if (end.kind === 'depends') {
      for (const outcome of ['clear', 'listed', 'error'] as const) {
        follow(end.branches[outcome], walks, new Map(answers).set(end.oracle, outcome))
      }
      return
    }
    const asked = new Map(answers)
    for (const { path } of walks) {
      for (const { kind, on, compared, took } of path) {
        if (kind === 'oracle' && compared !== null && took !== null) asked.set(`${on}.${compared}`, took as Outcome)
      }
    }
    const fate: Fate =
      end.kind === 'refused'
        ? { kind: 'refused', stage: end.stage, ...end.reply }
        : {
            kind: 'accepted',
            finals: end.finals.map(({ mailbox }) => finalOf(evaluator, message, mailbox)),
            ...marks(walks),
          }
    found.push({ answers: asked, fate, deciders: walks.filter(({ says }) => says !== null).map(deciderOf), walks })
  }
}

function marks(walks: readonly Walk[]): { readonly tags?: readonly string[] } {
  const tags = new Set(walks.flatMap(({ notes }) => notes.flatMap(({ note, text }) => (note === 'tag' ? [text] : []))))
  return tags.size === 0 ? {} : { tags: [...tags].sort() }
}

const deciderOf = ({ stage, at, file, line, column }: Walk): Decider => ({ stage, at, file, line, column })

function finalOf(evaluator: Evaluator, message: Described, text: string) {
  const mailbox = parseMailbox(text)
  if (!mailbox.ok) throw new Error(`a final recipient: ${mailbox.error}`)
  const facts: Facts = { ...message, destination: null }
  return { mailbox: text, key: mailboxKey(mailbox.value), way: wayOf(routeOf(evaluator, mailbox.value, facts)) }
}

/** A message that is accepted has no route that refuses. */
function wayOf(route: Route): Way {
  switch (route.kind) {
    case 'hold':
      return { kind: 'hold', reason: route.reason }
    case 'discard':
      return { kind: 'discard' }
    case 'refuse':
      throw new Error(`an accepted recipient has a route that refuses (${route.at})`)
    case 'next-hop': {
      const { nextHop } = route
      switch (nextHop.kind) {
        case 'relay': {
          const { name, tls, hosts } = nextHop.relay
          return { kind: 'relay', relay: name, tls, hosts }
        }
        case 'hosts':
          return { kind: 'hosts', hosts: nextHop.hosts }
        case 'mx':
          return { kind: 'mx', tls: nextHop.tls, domain: nextHop.domain }
        case 'maildir':
          return { kind: 'maildir', dir: nextHop.dir }
      }
    }
  }
}
