import { takenToSay } from '../graph/oracle.ts'
import { assertNever } from '../mail/result.ts'
import type { Case, Demand, Ending, Way } from './suite-case.ts'
import { deciderOf, hostText } from './suite-words.ts'

export type Verdict =
  | { readonly kind: 'passed' }
  /** Of these demands, none holds in this ending. */
  | { readonly kind: 'failed'; readonly demands: readonly Demand[]; readonly ending: Ending }
  /** It holds for some answers of these oracles and not for others; nobody may rely on luck. */
  | { readonly kind: 'depends'; readonly oracles: readonly string[]; readonly endings: readonly Ending[] }

/** Holds every demand of a case against all that can come of its message. */
export function verdictOf({ demands, assume }: Pick<Case, 'demands' | 'assume'>, endings: readonly Ending[]): Verdict {
  const broken = endings.map((ending) => ({ ending, demands: demands.filter((demand) => !holds(demand, ending)) }))
  const failing = broken.filter((one) => one.demands.length > 0)
  const [first] = failing
  if (first === undefined) return { kind: 'passed' }
  if (failing.length === endings.length) return { kind: 'failed', ...first }
  const oracles = new Set<string>()
  for (const { answers } of endings) {
    for (const oracle of answers.keys()) if (!assume.has(oracle) && takenToSay(oracle) === null) oracles.add(oracle)
  }
  const decisive = [...oracles].filter((oracle) => matters(oracle, broken))
  return { kind: 'depends', oracles: decisive.length > 0 ? decisive : [...oracles], endings }
}

/** True when two endings that differ in this answer alone differ in whether the demands hold. */
function matters(oracle: string, all: readonly { ending: Ending; demands: readonly Demand[] }[]): boolean {
  const others = ({ answers }: Ending) => [...answers].filter(([name]) => name !== oracle)
  return all.some((one) =>
    all.some(
      (two) =>
        one.demands.length > 0 !== two.demands.length > 0 &&
        one.ending.answers.get(oracle) !== undefined &&
        two.ending.answers.get(oracle) !== undefined &&
        one.ending.answers.get(oracle) !== two.ending.answers.get(oracle) &&
        others(one.ending).every(
          ([name, outcome]) => !two.ending.answers.has(name) || two.ending.answers.get(name) === outcome,
        ),
    ),
  )
}

export function holds(demand: Demand, ending: Ending): boolean {
  const { fate } = ending
  const ways = (test: (way: Way) => boolean): boolean =>
    fate.kind === 'accepted' && fate.finals.length > 0 && fate.finals.every(({ way }) => test(way))
  switch (demand.kind) {
    case 'accepted':
      return fate.kind === 'accepted'
    case 'rejected':
      return fate.kind === 'refused' && fate.code >= 500 && (demand.code === null || fate.code === demand.code)
    case 'deferred':
      return fate.kind === 'refused' && fate.code < 500 && (demand.code === null || fate.code === demand.code)
    case 'relay':
      return ways((way) => way.kind === 'relay' && way.relay === demand.relay)
    case 'hosts': {
      const wanted = demand.hosts.map(hostText).join()
      return ways((way) => way.kind === 'hosts' && way.hosts.map(hostText).join() === wanted)
    }
    case 'mx':
      return ways((way) => way.kind === 'mx')
    case 'delivered':
      return ways((way) => way.kind === 'maildir' && (demand.dir === null || way.dir === demand.dir))
    case 'held':
      return ways((way) => way.kind === 'hold')
    case 'discarded':
      return ways((way) => way.kind === 'discard')
    case 'tls':
      return ways((way) => tlsOf(way) === demand.level)
    case 'to': {
      if (fate.kind !== 'accepted') return false
      const keys = [...new Set(fate.finals.map(({ key }) => key))].sort()
      return keys.join('\n') === demand.mailboxes.join('\n')
    }
    case 'by':
      return deciderOf(ending)?.at === demand.at
    case 'stage':
      return fate.kind === 'refused' && fate.stage === demand.stage
    case 'tagged':
      return fate.kind === 'accepted' && (fate.tags?.includes(demand.tag) ?? false)
    default:
      return assertNever(demand)
  }
}

/** Hosts without a relay are spoken to with TLS when they offer it (`egress/smtp-carrier.ts`). */
function tlsOf(way: Way): string | null {
  switch (way.kind) {
    case 'relay':
    case 'mx':
      return way.tls
    case 'hosts':
      return 'may'
    default:
      return null
  }
}
