import type { Bundle } from '../graph/bundle.ts'
import { claimText } from '../graph/claim-text.ts'
import type { Claim, WholeClaim } from '../graph/claims.ts'
import { assertNever } from '../mail/result.ts'
import type { Found, Proof, ProofReport } from './proof.ts'
import { authOnlyOverTls } from './prove-auth.ts'
import { forAllBox } from './prove-box.ts'
import { noDeadRules, noUnreachableRelay } from './prove-dead.ts'
import { type Neighbour, noLoops } from './prove-loops.ts'
import { oraclesFailSafe } from './prove-oracles.ts'
import { everyLocalDomainHasTerminal, nullSenderAcceptedForLocal, postmasterAndAbuseAccepted } from './prove-ours.ts'
import { NotDecidable } from './prove-question.ts'
import { noOpenRelay } from './prove-relaying.ts'
import { tlsFloor } from './prove-tls.ts'
import { type ProposedChange, unchangedIn } from './prove-unchanged.ts'
import { BudgetSpent } from './prove-walk.ts'
import { type Subject, subjectOf } from './prove-witness.ts'

/**
 * What every gateway should hold, asked or not, and what it is when one does not: an error is a danger to others or to
 * mail, a warning is something that somebody may want.
 */
const unasked: readonly (readonly [kind: WholeClaim, severity: Proof['severity']])[] = [
  ['noOpenRelay', 'error'],
  ['noLoops', 'error'],
  ['everyLocalDomainHasTerminal', 'error'],
  ['postmasterAndAbuseAccepted', 'error'],
  ['nullSenderAcceptedForLocal', 'error'],
  ['authOnlyOverTls', 'error'],
  ['oraclesFailSafe', 'warning'],
  ['noDeadRules', 'warning'],
  ['noUnreachableRelay', 'warning'],
]

export type ProveOptions = {
  /** The other gateways of the repository, for loops through them. */
  readonly neighbours?: readonly Neighbour[]
  /** For `unchanged`, which is about a change: without one it is UNKNOWN, and a warning. */
  readonly change?: ProposedChange | null
}

/** All claims of the document, then what nobody asked for. */
export function prove(bundle: Bundle, options: ProveOptions = {}): ProofReport {
  const subject = subjectOf(bundle)
  const { claims } = bundle.graph
  const asked = new Set<string>(claims.prove.map(({ kind }) => kind))
  const rest = unasked.filter(([kind]) => !asked.has(kind))
  return {
    format: 'mailgw-proofs/1',
    graph: bundle.hash,
    proofs: [
      ...claims.prove.map((claim) => proofOf(subject, claim, claim.at, claimedSeverity(claim), options)),
      ...rest.map(([kind, severity]) => proofOf(subject, { kind, at: '' }, null, severityOf(kind, severity), options)),
    ],
  }

  function claimedSeverity({ kind }: Claim): Proof['severity'] {
    return kind === 'unchanged' && (options.change ?? null) === null ? 'warning' : 'error'
  }

  /** Who writes `unsafeOpenRelay` with a reason and an end has been warned; who claims the contrary as well is wrong. */
  function severityOf(kind: WholeClaim, severity: Proof['severity']): Proof['severity'] {
    return kind === 'noOpenRelay' && claims.openRelay !== null ? 'warning' : severity
  }
}

/** One proof. What is not decided is UNKNOWN, never anything else; a fault in a proof is thrown. */
export function proofOf(
  subject: Subject,
  claim: Claim,
  at: string | null,
  severity: Proof['severity'],
  options: ProveOptions = {},
): Proof {
  const found = attempt(() => find(subject, claim, options))
  return {
    claim: claimText(claim),
    at,
    verdict: found.verdict,
    severity,
    reason: found.reason,
    assumes: found.assumes ?? [],
    witness: found.witness ?? null,
    findings: found.findings ?? [],
  }
}

function attempt(prove: () => Found): Found {
  try {
    return prove()
  } catch (error) {
    if (error instanceof NotDecidable || error instanceof BudgetSpent)
      return { verdict: 'UNKNOWN', reason: error.message }
    throw error
  }
}

function find(subject: Subject, claim: Claim, options: ProveOptions): Found {
  switch (claim.kind) {
    case 'noOpenRelay':
      return noOpenRelay(subject)
    case 'noLoops':
      return noLoops(subject, options.neighbours ?? [])
    case 'noDeadRules':
      return noDeadRules(subject)
    case 'everyLocalDomainHasTerminal':
      return everyLocalDomainHasTerminal(subject)
    case 'noUnreachableRelay':
      return noUnreachableRelay(subject)
    case 'authOnlyOverTls':
      return authOnlyOverTls(subject)
    case 'postmasterAndAbuseAccepted':
      return postmasterAndAbuseAccepted(subject)
    case 'nullSenderAcceptedForLocal':
      return nullSenderAcceptedForLocal(subject)
    case 'oraclesFailSafe':
      return oraclesFailSafe(subject)
    case 'tlsFloor':
      return tlsFloor(subject, claim)
    case 'never':
    case 'always':
    case 'onlyVia':
      return forAllBox(subject, claim)
    case 'unchanged':
      return unchangedIn(subject, claim.box, options.change ?? null)
    default:
      return assertNever(claim)
  }
}
