import { join } from 'node:path'
import type { Mailbox } from '../mail/path.ts'

/**
 * A name for a folder out of text from the wire. Letters (in lower case), digits and `_ + = - .` stay; every other octet
 * of the UTF-8 text becomes `%XX`, also a dot in front. So no text is `.`, `..` or hidden, none holds a slash, a colon or
 * NUL, and different texts have different names (apart from case: whose mailbox it is, we decide; RFC 5321 §2.4).
 * `null` when the name would be longer than a file system takes.
 */
export function folderName(text: string): string | null {
  const octets = Buffer.from(text.toLowerCase().normalize('NFC'))
  let name = ''
  for (const [i, octet] of octets.entries()) {
    const letter = String.fromCharCode(octet)
    const plain = /[a-z0-9_+=-]/.test(letter) || (letter === '.' && i > 0)
    name += plain ? letter : `%${octet < 16 ? '0' : ''}${octet.toString(16).toUpperCase()}`
  }
  return name.length > 0 && name.length <= 240 ? name : null
}

/** `<dir>/<domain>/<local part>`, a maildir for any server (`maildir:<dir>/%d/%n`), or `null` when no folder can have the name. */
export function mailboxFolder(dir: string, { domain, localPart }: Mailbox): string | null {
  const names = [folderName(domain), folderName(localPart)]
  return names[0] == null || names[1] == null ? null : join(dir, names[0], names[1])
}

/** The file's name by the maildir convention: time, what is unique, host. The same recipient always has the same one. */
export function fileName(queuedAt: number, id: string, recipient: number, hostname: string): string {
  // Readers take `:` for the beginning of flags, `,` for fields and `/` for a folder.
  const safe = (text: string) =>
    text.replace(/[^A-Za-z0-9.-]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`)
  return `${Math.floor(queuedAt / 1000)}.Q${safe(id)}R${recipient}.${safe(hostname).slice(0, 100)}`
}
