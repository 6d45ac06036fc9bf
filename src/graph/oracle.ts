import { exactDuration } from '../mail/duration.ts'
import { assertNever } from '../mail/result.ts'
import type { Oracle } from './graph.ts'

/** As `--assume`, boxes and logs name it: `dnsbl.zen`, `check.reverse`, `own-sender.staff`, `rate.printers.messages/1h`. */
export function oracleName(oracle: Oracle): string {
  const name = `${oracle.kind}.${oracle.id}`
  return oracle.kind === 'rate' ? `${name}.${oracle.of}/${exactDuration(oracle.perMs)}` : name
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
    case 'rate':
      return `over ${oracle.most} ${oracle.of} in ${exactDuration(oracle.perMs)} for one ${counted[oracle.by]}`
    default:
      return assertNever(oracle)
  }
}
