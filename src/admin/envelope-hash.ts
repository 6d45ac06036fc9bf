import { createHmac, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { foldLocalPart } from '../graph/pattern.ts'
import { plainLocalParts } from '../mail/envelope-record.ts'

/**
 * The local part as the envelope log has it: `~` and 16 hexadecimal digits. Keyed, so that who has the log and not the
 * key cannot try names; with the domain, so that a name says nothing of the same name elsewhere.
 */
export function hashLocalPart(key: Buffer, localPart: string, domain: string): string {
  const folded = foldLocalPart(localPart)
  if (plainLocalParts.has(folded)) return folded
  return `~${createHmac('sha256', key).update(`${folded}@${domain}`).digest('hex').slice(0, 16)}`
}

/** A mailbox as it stands in a record, with its local part hashed; `<>` as it is. */
export function hashMailbox(key: Buffer, mailbox: string): string {
  const at = mailbox.lastIndexOf('@')
  if (at < 0) return mailbox
  const [local, domain] = [mailbox.slice(0, at), mailbox.slice(at + 1)]
  const bare = local.startsWith('"') ? local.slice(1, -1).replace(/\\(.)/g, '$1') : local
  return `${hashLocalPart(key, bare, domain)}@${domain}`
}

/** A login, which is a mailbox or a mere name. */
export function hashLogin(key: Buffer, login: string): string {
  const at = login.lastIndexOf('@')
  if (at < 0) return hashLocalPart(key, login, '')
  return `${hashLocalPart(key, login.slice(0, at), login.slice(at + 1))}${login.slice(at)}`
}

/** The key of a folder of records; made when there is none. */
export async function readKey(file: string): Promise<Buffer> {
  const made = randomBytes(32)
  try {
    await writeFile(file, `${made.toString('hex')}\n`, { flag: 'wx', mode: 0o600 })
    return made
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const text = (await readFile(file, 'utf8')).trim()
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Error(`${file}: expected 64 hexadecimal digits`)
  return Buffer.from(text, 'hex')
}
