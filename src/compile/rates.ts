import type { ClientEntry, Document, RateEntry } from '../config/document.ts'
import { exactDuration } from '../mail/duration.ts'
import type { Builder, Ref } from './builder.ts'
import { byClient } from './clients.ts'
import { refusal } from './refusal.ts'

/** What clients may send in a time, in front of `next`. */
export const clientRates = (build: Builder, document: Document, of: RateEntry['of'], next: Ref): Ref =>
  byClient(build, document, next, (client) =>
    client.rates?.some((rate) => rate.of === of) ? ratesOf(build, client, of, next) : null,
  )

/** Every one of a client's rates has to hold; the first that does not decides. */
export function ratesOf(build: Builder, client: ClientEntry, of: RateEntry['of'], next: Ref): Ref {
  let first = next
  for (const rate of (client.rates ?? []).filter((rate) => rate.of === of).toReversed()) {
    const { at, most, perMs } = rate
    const text = `too many ${of} from you: at most ${most} in ${exactDuration(perMs)}, try again later`
    const over = refusal(build, { code: 451, status: '4.7.1', text, at, mode: client.mode }, first)
    const oracle = { kind: 'rate', id: client.name, of, most, perMs, by: countedBy(client, rate) } as const
    // A counter is always there to be asked; were it not, nobody would know that it is not over.
    first = build.oracle({ oracle, at }, { listed: over, clear: first, error: over })
  }
  return first
}

/** Who has a rate for itself: an address, or who logged in; of a certificate it is the certificate. */
function countedBy({ logins, certificates }: ClientEntry, { by }: RateEntry): 'address' | 'entry' | 'login' {
  if (by === 'all') return 'entry'
  return logins === undefined && certificates === undefined ? 'address' : 'login'
}
