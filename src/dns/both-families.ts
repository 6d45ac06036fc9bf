import type { Clock } from '../mail/clock.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { Answer } from './answer.ts'

type Addresses = Answer<readonly IpAddress[]>

/**
 * How long addresses that are known wait for the other family's. There are name servers that never answer for AAAA, and
 * each mail to their hosts would wait for all time-outs.
 */
const graceMs = 1000

const late: Addresses = { kind: 'failed', why: 'the other address family is known, this one is not yet' }

/** Waits for A and AAAA, or for one of them and a little for the other. */
export function bothFamilies(v4: Promise<Addresses>, v6: Promise<Addresses>, clock: Clock): Promise<Addresses> {
  return new Promise((resolve) => {
    const known: { v4: Addresses | null; v6: Addresses | null } = { v4: null, v6: null }
    const settle = () => resolve(together(known.v4 ?? late, known.v6 ?? late))
    let stop = () => {}
    const hear = (family: 'v4' | 'v6') => (answer: Addresses) => {
      known[family] = answer
      stop()
      if (known.v4 !== null && known.v6 !== null) settle()
      else if (answer.kind === 'found') {
        const timer = clock.setTimeout(settle, graceMs)
        stop = () => timer.cancel()
      }
    }
    void v4.then(hear('v4'))
    void v6.then(hear('v6'))
  })
}

/**
 * What both families say of a host. Only when both are known, or the name itself is denied, has it no address for sure.
 */
function together(v4: Addresses, v6: Addresses): Addresses {
  const found = [v6, v4].filter((answer) => answer.kind === 'found')
  if (found.length > 0) {
    const canonical = found[0]!.canonical
    return {
      kind: 'found',
      value: found.flatMap(({ value }) => value),
      ttlMs: Math.min(...found.map(({ ttlMs }) => ttlMs)),
      // One that is not sure is one that anybody may have sent (RFC 7672 §2.2.2 has both families insecure then).
      ...(found.every(({ secure }) => secure === true) ? { secure: true as const } : {}),
      ...(canonical === undefined ? {} : { canonical }),
      ...(found.some(({ stale }) => stale === true) ? { stale: true as const } : {}),
    }
  }
  for (const answer of [v4, v6]) if (answer.kind === 'none' && answer.nxdomain) return answer
  return v4.kind === 'failed' ? v4 : v6
}
