import type { IpAddress } from '../mail/ip.ts'
import type { Mailbox, ReversePath } from '../mail/path.ts'
import type { Reply } from '../mail/reply.ts'
import {
  type Asking,
  admitConnection,
  admitData,
  admitHelo,
  admitLogin,
  admitRecipient,
  admitSender,
  type RecipientVerdict,
  type Verdict,
} from './admission.ts'
import type { Evaluator, Facts, Line, NoteAt } from './evaluator.ts'
import type { Leaf, Outcome, Stage } from './graph.ts'
import type { Interpreter, Step } from './interpret.ts'
import { type MessageText, messageText } from './message-text.ts'
import { oracleName, oracleText, takenToSay } from './oracle.ts'

export { oracleName }

/** A message as a person describes it. A stage whose facts are not given is not asked. */
export type Described = Readonly<Line> & {
  readonly listener: string
  readonly client: IpAddress
  /** `undefined`: not given; `null` is `<>`. */
  readonly sender: ReversePath | undefined
  readonly recipient: Mailbox | null
  readonly sizeBytes: number | null
  readonly hops: number | null
}

/** What happens to a message, and why. Plain data: the shape of `mailgw explain --json`. */
export type Explanation = {
  readonly graph: string
  readonly message: MessageText
  /** Oracles that nobody answered and that were taken to say this: rates, which are not used up. */
  readonly assumed: Readonly<Record<string, Outcome>>
  readonly outcome: Branch
}

/** Walks in their order, then the end; or an oracle that nobody answered, and what follows from each of its answers. */
export type Branch = {
  readonly walks: readonly Walk[]
  readonly end:
    | { readonly kind: 'accepted'; readonly finals: readonly { readonly mailbox: string; readonly route: string }[] }
    | { readonly kind: 'refused'; readonly stage: Stage; readonly reply: Reply }
    | {
        readonly kind: 'depends'
        /** As `--assume` names it: `dnsbl.zen`. */
        readonly oracle: string
        /** Of a DNS list. */
        readonly zone: string | null
        /** What `listed` means. */
        readonly asks: string
        readonly branches: Readonly<Record<Outcome, Branch>>
      }
}

/** One way through one stage. */
export type Walk = {
  readonly stage: Stage
  /** Of `rcpt`, `route` and `data`: whose. */
  readonly recipient: string | null
  /** What the stage said, in words; `null` when it stopped to ask. */
  readonly says: string | null
  /** What decided. */
  readonly at: string
  readonly file: string | null
  readonly line: number
  readonly column: number
  /** What was said in passing: marks, and refusals by rules that are being tried. */
  readonly notes: readonly NoteAt[]
  /** Node by node; empty when the evaluator cannot tell. */
  readonly path: readonly Step[]
}

/**
 * Asks the stages in their order by the same code as a session does. Oracles are answered by `assume`; nobody is ever
 * asked in earnest. What is not assumed is followed for each of its outcomes, but a rate, which is taken as not used up;
 * the explanation says so.
 */
export function explain(
  evaluator: Evaluator | Interpreter,
  message: Described,
  assume: ReadonlyMap<string, Outcome> = new Map(),
): Explanation {
  const recorder = recording(evaluator)
  const taken = new Map<string, Outcome>()
  const facts = (): Facts => ({ ...message, destination: null })
  const finals = ({ finals }: Extract<RecipientVerdict, { kind: 'accept' }>) =>
    finals.map(({ mailbox }) => ({ mailbox: mailbox.text, route: recorder.routeOf(mailbox.text) }))

  type Found = readonly { readonly mailbox: string; readonly route: string }[]
  const stages: readonly {
    stage: Stage
    isAsked: boolean
    ask: (facts: Facts) => Verdict | RecipientVerdict | Asking<Verdict> | Asking<RecipientVerdict>
  }[] = [
    { stage: 'connect', isAsked: true, ask: (facts) => admitConnection(recorder.evaluator, facts) },
    { stage: 'helo', isAsked: message.helo !== null, ask: (facts) => admitHelo(recorder.evaluator, facts) },
    { stage: 'auth', isAsked: message.login !== null, ask: (facts) => admitLogin(recorder.evaluator, facts) },
    { stage: 'mail', isAsked: message.sender !== undefined, ask: (facts) => admitSender(recorder.evaluator, facts) },
    { stage: 'rcpt', isAsked: message.recipient !== null, ask: (facts) => admitRecipient(recorder.evaluator, facts) },
    { stage: 'data', isAsked: message.recipient !== null, ask: (facts) => admitData(recorder.evaluator, facts) },
  ]

  function from(index: number, found: Found): Branch {
    const next = stages[index]
    if (next === undefined) return { walks: [], end: { kind: 'accepted', finals: found } }
    if (!next.isAsked) return from(index + 1, found)
    recorder.take()
    return follow(index, found, next.ask(facts()))
  }

  function follow(
    index: number,
    found: Found,
    verdict: Verdict | RecipientVerdict | Asking<Verdict> | Asking<RecipientVerdict>,
  ): Branch {
    const said = verdict.kind === 'accept' && 'finals' in verdict ? finals(verdict) : found
    const walks = recorder.take()
    switch (verdict.kind) {
      case 'refuse':
        return {
          walks,
          end: { kind: 'refused', stage: walks.at(-1)?.stage ?? stages[index]!.stage, reply: verdict.reply },
        }
      case 'ask': {
        const oracle = oracleName(verdict.oracle)
        const assumed = assume.get(oracle)
        const after = (outcome: Outcome) => follow(index, found, verdict.answer(outcome))
        if (assumed !== undefined) return joined(walks, after(assumed))
        const said = takenToSay(oracle)
        if (said !== null) {
          taken.set(oracle, said)
          return joined(walks, after(said))
        }
        const branches = { listed: after('listed'), clear: after('clear'), error: after('error') }
        const zone = verdict.oracle.kind === 'dnsbl' ? verdict.oracle.zone : null
        return { walks, end: { kind: 'depends', oracle, zone, asks: oracleText(verdict.oracle), branches } }
      }
      default:
        return joined(walks, from(index + 1, said))
    }
  }

  const outcome = from(0, [])
  return { graph: evaluator.hash, message: messageText(message), assumed: Object.fromEntries(taken), outcome }
}

const joined = (walks: readonly Walk[], { walks: more, end }: Branch): Branch => ({ walks: [...walks, ...more], end })

/** Writes down every walk that is made through an evaluator. */
function recording(inner: Evaluator | Interpreter) {
  let walks: Walk[] = []
  const routes = new Map<string, string>()
  /** The stage in which an oracle was asked: routes are walked before it is answered. */
  const askedIn = new Map<number, Stage>()
  let stage: Stage = 'connect'

  const record = (number: number, facts: Facts): number => {
    if (number < 0) askedIn.set(~number, stage)
    const says = number < 0 ? null : leafText(inner.leaf(number))
    const recipient = ['rcpt', 'route', 'data'].includes(stage) ? (facts.recipient?.text ?? null) : null
    if (stage === 'route' && recipient !== null && says !== null) routes.set(recipient, says)
    walks.push({
      stage,
      recipient,
      says,
      ...inner.winner(),
      notes: inner.notes(),
      path: 'steps' in inner ? inner.steps() : [],
    })
    return number
  }
  const evaluator: Evaluator = {
    ...inner,
    start(asked, facts) {
      stage = asked
      return record(inner.start(asked, facts), facts)
    },
    resume(number, outcome, facts) {
      stage = askedIn.get(number) ?? stage
      return record(inner.resume(number, outcome, facts), facts)
    },
  }
  return {
    evaluator,
    /** What was written since the last time. */
    take(): readonly Walk[] {
      const taken = walks
      walks = []
      return taken
    },
    routeOf: (mailbox: string) => routes.get(mailbox) ?? '',
  }
}

/** A leaf in words. */
export function leafText(leaf: Leaf): string {
  switch (leaf.kind) {
    case 'next':
      return 'passes'
    case 'refuse':
      return `refused ${leaf.code} ${leaf.status} ${leaf.text}`
    case 'expand':
      return `goes to ${leaf.to.length > 5 ? `${leaf.to.slice(0, 5).join(', ')} and ${leaf.to.length - 5} more` : leaf.to.join(', ')}`
    case 'park':
      return `accepted and held: ${leaf.reason}`
    case 'relay':
      return `to relay ${leaf.relay}`
    case 'hosts':
      return `to ${leaf.hosts.map(({ host, port }) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)).join(', then ')}`
    case 'mx':
      return `to its MX hosts (TLS ${leaf.tls})`
    case 'deliver':
      return `delivered into ${leaf.dir}`
    case 'hold':
      return `held: ${leaf.reason}`
    case 'discard':
      return 'discarded'
  }
}
