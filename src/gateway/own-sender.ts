import { foldLocalPart, mailboxKey } from '../graph/pattern.ts'
import type { Mailbox } from '../mail/path.ts'

/**
 * True when the sender is the login itself, or one of its addresses: `ann@a.example`, or `*@a.example` for all of a
 * domain. Compared as mailboxes are everywhere: local parts without case.
 */
export function isOwnSender(sender: Mailbox, login: string, addresses: readonly string[]): boolean {
  const key = mailboxKey(sender)
  return folded(login) === key || addresses.some((address) => isWithin(sender, key, address))
}

function isWithin(sender: Mailbox, key: string, address: string): boolean {
  if (address.startsWith('*@')) return address.slice(2).toLowerCase() === sender.domain
  return folded(address) === key
}

/** `null` for a login without a domain: it is nobody's address. */
function folded(address: string): string | null {
  const at = address.lastIndexOf('@')
  return at < 1 ? null : `${foldLocalPart(address.slice(0, at))}@${address.slice(at + 1).toLowerCase()}`
}
