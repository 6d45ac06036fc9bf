import type { IpAddress } from '../../mail/ip.ts'
import { assertNever } from '../../mail/result.ts'
import { type Finding, findings, type Level } from './finding.ts'
import { evaluateSpf, type SpfAsked, type SpfVerdict } from './spf.ts'

export type SpfOf = { readonly address: IpAddress; readonly verdict: SpfVerdict }

/** Of no receiver: where nothing of ours is known, the record itself is looked at by what it says of this one. */
const nobody = '192.0.2.0' as IpAddress

/** The verdict of each address, or of nobody's address when there is none. */
export const askSpf = (resolver: SpfAsked, domain: string, senders: readonly IpAddress[]): Promise<readonly SpfOf[]> =>
  Promise.all(
    (senders.length > 0 ? senders : [nobody]).map(async (address) => ({
      address,
      verdict: await evaluateSpf(resolver, domain, address),
    })),
  )

const worst: readonly Level[] = ['problem', 'cannot tell', 'warning', 'ok']

/** One record that lets each of our addresses send for the domain. */
export function compareSpf(domain: string, asked: readonly SpfOf[], senders: readonly IpAddress[]): Finding {
  const wanted = senders.length > 0 ? `an SPF record with ${senders.join(', ')}` : 'an SPF record with our addresses'
  const finding = findings('spf', domain, wanted)
  const [first] = asked
  // What is wrong with the record is so for every address.
  if (first !== undefined && first.verdict.result === 'none') return finding('problem', 'no SPF record')
  if (senders.length === 0) {
    const { result, why } = first!.verdict
    if (result === 'permerror') return finding('problem', `${why}`)
    if (result === 'temperror') return finding('cannot tell', why)
    return finding('cannot tell', 'an SPF record, and no public address of ours is known to look for in it')
  }
  const levels = asked.map(({ verdict }) => levelOf(verdict))
  const level = worst.find((one) => levels.includes(one)) ?? 'cannot tell'
  const came = asked.map(({ address, verdict: { result, why } }) => `${result} for ${address} (${why})`).join(', ')
  return finding(level, came)
}

function levelOf({ result }: SpfVerdict): Level {
  switch (result) {
    case 'pass':
      return 'ok'
    // It is not in the record, and receivers are asked not to refuse it for that alone.
    case 'softfail':
    case 'neutral':
      return 'warning'
    case 'none':
    case 'fail':
    case 'permerror':
      return 'problem'
    case 'temperror':
    case 'unknown':
      return 'cannot tell'
    default:
      return assertNever(result)
  }
}
