import { assertNever } from '../mail/result.ts'
import { type Box, type PatternSet, unsaid } from './box.ts'
import type { Claim, Effect } from './claims.ts'

/** A claim as a document writes it, its box with the networks that `internal` stands for. */
export function claimText(claim: Claim): string {
  switch (claim.kind) {
    case 'tlsFloor':
      return `tlsFloor('${claim.pattern}', '${claim.level}')`
    case 'never':
    case 'always':
      return `forAll(${boxText(claim.box)}).${claim.kind}(${effectText(claim.effect)})`
    case 'onlyVia':
      return `forAll(${boxText(claim.box)}).onlyVia('${claim.relay}')`
    case 'unchanged':
      return `unchanged(${boxText(claim.box)})`
    case 'noOpenRelay':
    case 'noLoops':
    case 'noDeadRules':
    case 'everyLocalDomainHasTerminal':
    case 'noUnreachableRelay':
    case 'authOnlyOverTls':
    case 'postmasterAndAbuseAccepted':
    case 'nullSenderAcceptedForLocal':
    case 'oraclesFailSafe':
      return `${claim.kind}()`
    default:
      return assertNever(claim)
  }
}

const effectText = (effect: Effect): string => (typeof effect === 'string' ? `'${effect}'` : `via('${effect.relay}')`)

function boxText(box: Box): string {
  const { listeners, clients, senders, recipients, sizes, hops, oracles, tls, logins, certificates, helos } = box
  const parts = [
    ...(listeners === null ? [] : [`listener: ${names(listeners)}`]),
    ...set('client', clients, 2),
    ...(tls === undefined ? [] : [`tls: ${tls}`]),
    ...set('login', logins ?? null, 2),
    ...set('certificate', certificates ?? null, 2),
    ...set('helo', helos ?? null, 2),
    ...set('sender', senders, 2),
    ...set('recipient', recipients, 1),
    ...(sizes ?? []).map(({ overBytes, upToBytes }) => `size: ${range(overBytes, upToBytes)}`),
    ...(hops ?? []).map(({ over, upTo }) => `hops: ${range(over, upTo)}`),
    ...Object.entries(oracles).map(([oracle, outcomes]) => `${oracle}: ${names(outcomes)}`),
  ]
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`
}

/** `everything`: as many patterns are all that there is, so that only what is left out needs to be said. */
function set(key: string, patterns: PatternSet | null, everything: number): string[] {
  if (patterns === null) return []
  const except = [...new Set(patterns.flatMap((part) => part.except))]
  const meant = patterns.map(({ pattern }) => pattern)
  const isAll =
    meant.length === everything && meant.every((pattern) => ['*', '<>', unsaid, '0.0.0.0/0', '::/0'].includes(pattern))
  if (except.length === 0) return [`${key}: ${names(meant)}`]
  return [`${key}: { ${isAll ? '' : `in: ${names(meant)}, `}except: ${names(except)} }`]
}

function names(list: readonly string[]): string {
  if (list.length === 1) return `'${list[0]}'`
  const [shown, hidden] = [list.slice(0, 5), list.length - 5]
  return `[${shown.map((name) => `'${name}'`).join(', ')}${hidden > 0 ? `, and ${hidden} more` : ''}]`
}

function range(over: number | null, upTo: number | null): string {
  const parts = [...(over === null ? [] : [`over: ${over}`]), ...(upTo === null ? [] : [`upTo: ${upTo}`])]
  return `{ ${parts.join(', ')} }`
}
