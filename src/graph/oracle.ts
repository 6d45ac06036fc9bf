import { exactDuration } from '../mail/duration.ts'
import { assertNever } from '../mail/result.ts'
import type { Oracle } from './graph.ts'

/** As `--assume`, boxes and logs name it: `dnsbl.zen`, `check.reverse`, `own-sender.staff`, `recipient.staff`, `rate.printers.messages/1h`. */
export function oracleName(oracle: Oracle): string {
  const name = `${oracle.kind}.${oracle.id}`
  return oracle.kind === 'rate' ? `${name}.${oracle.of}/${exactDuration(oracle.perMs)}` : name
}

/**
 * What an oracle is taken to say when nobody said what it answers: a rate is not used up, as it is for whoever keeps to it.
 * `null`: nothing can be taken for granted, as of a DNS list. Takes the name of any oracle.
 */
export const takenToSay = (oracle: string): 'clear' | null => (oracle.startsWith('rate.') ? 'clear' : null)

/** `assumed: rate.printers.messages/1h is not used up`; `null` where nothing was taken for granted. */
export function assumedText(oracles: readonly string[]): string | null {
  if (oracles.length === 0) return null
  return `assumed: ${oracles.join(', ')} ${oracles.length === 1 ? 'is' : 'are'} not used up`
}

const checked = {
  reverse: 'the client has no reverse name that leads back to it',
  helo: 'the HELO name does not exist',
  'sender-domain': "the sender's domain takes no mail",
} as const

const counted = { address: 'address', entry: 'client', login: 'login' } as const

/** What `listed` means, for people. */
export function oracleText(oracle: Oracle): string {
  switch (oracle.kind) {
    case 'dnsbl':
      return oracle.zone
    case 'check':
      return checked[oracle.id]
    case 'own-sender':
      return 'the sender is no address of the login'
    case 'watched':
      return `the client is in ${oracle.path}`
    case 'recipient':
      return 'the recipient does not exist'
    case 'rate':
      return `over ${oracle.most} ${oracle.of} in ${exactDuration(oracle.perMs)} for one ${counted[oracle.by]}`
    default:
      return assertNever(oracle)
  }
}
