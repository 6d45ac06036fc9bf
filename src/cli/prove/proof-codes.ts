/**
 * Codes of what `check` says when a proof fails. Stable for ever, like those of `config/codes.ts`; `docs/prove.md` lists
 * them.
 */
export const proofCodes = {
  MG3001: 'an open relay: noOpenRelay',
  MG3002: 'mail that goes round: noLoops',
  MG3003: 'a rule or row that never decides: noDeadRules',
  MG3004: 'a domain of ours that takes no mail: everyLocalDomainHasTerminal',
  MG3005: 'a relay that gets no mail: noUnreachableRelay',
  MG3006: 'a password in clear text: authOnlyOverTls',
  MG3007: 'postmaster or abuse refused: postmasterAndAbuseAccepted',
  MG3008: 'notifications refused: nullSenderAcceptedForLocal',
  MG3009: 'a DNS list that must not fail: oraclesFailSafe',
  MG3010: 'less TLS than claimed: tlsFloor',
  MG3011: 'a message that should never be so, or always: forAll',
  MG3012: 'a claim about a change: unchanged',
} as const

export type ProofCode = keyof typeof proofCodes

/** By the name of a claim, as it begins. */
export function codeOf(claim: string): ProofCode {
  const name = claim.slice(0, claim.indexOf('('))
  const found = Object.entries(proofCodes).find(([, meaning]) => meaning.endsWith(`: ${name}`))
  if (found === undefined) throw new Error(`no code for ${claim}`)
  return found[0] as ProofCode
}
