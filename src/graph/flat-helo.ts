import type { Mailbox } from '../mail/path.ts'
import { flatMailboxes } from './flat-mailboxes.ts'
import type { NameFinder } from './flat-names.ts'
import { heloDomain } from './name-rank.ts'

/** Look-ups of HELO names in tables of domains: a mailbox without a local part, kept for as long as the name is the same. */
export function flatHelo(words: Int32Array): NameFinder {
  const mailboxes = flatMailboxes(words)
  let latest: string | null = null
  let asked: Mailbox | null = null
  return {
    find(table, helo) {
      if (helo !== latest) {
        latest = helo
        asked = { localPart: '', domain: heloDomain(helo) } as Mailbox
      }
      return mailboxes.find(table, asked!)
    },
  }
}
