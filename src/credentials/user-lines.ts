import { isUtf8 } from 'node:buffer'
import { prepareLogin } from '../mail/sasl-prep.ts'
import { parseStored } from '../mail/stored-password.ts'
import type { KnownUser } from './known-users.ts'
import { isEncrypted } from './passwords/encrypted.ts'

export type BrokenLine = { readonly line: number; readonly why: string }
export type UserLines = { readonly users: ReadonlyMap<string, KnownUser>; readonly broken: readonly BrokenLine[] }

/** Lines read in one go: a file of 100,000 users must not hold up the sessions. */
const atOnce = 1000

/**
 * Reads the text of a user file: `login:hash` or `login:hash:address,address`, a line each; `#` begins a comment line.
 * For CRAM-MD5 an encrypted password stands in place of the hash, or behind it and a blank. What is wrong with a line
 * never repeats what stands in it: it may be a password.
 */
export async function readUserLines(bytes: Buffer): Promise<UserLines> {
  const users = new Map<string, KnownUser>()
  const broken: BrokenLine[] = []
  const seen = new Map<string, number>()
  let number = 0
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at)
    const line = bytes.subarray(at, end < 0 ? bytes.length : end)
    at = end < 0 ? bytes.length : end + 1
    number++
    if (number % atOnce === 0) await new Promise((resolve) => setImmediate(resolve))
    const user = isUtf8(line) ? readLine(line.toString('utf8')) : 'it is not UTF-8'
    if (user === null) continue
    if (typeof user === 'string') broken.push({ line: number, why: user })
    else if (seen.has(user.login)) {
      broken.push({ line: number, why: `the login stands in line ${seen.get(user.login)} already, which counts` })
    } else {
      seen.set(user.login, number)
      users.set(user.login, user)
    }
  }
  return { users, broken }
}

/** `null`: nothing stands there. A text: what is wrong. */
function readLine(text: string): KnownUser | string | null {
  const line = text.trim()
  if (line === '' || line.startsWith('#')) return null
  const fields = line.split(':')
  if (fields.length < 2 || fields.length > 3) return 'expected login:hash or login:hash:address,address'
  const [name, password, list = ''] = fields as [string, string, string?]
  const login = prepareLogin(name)
  if (login === null || login !== login.trim()) return 'the login is empty, or holds what no login may'
  const parts = password.split(' ')
  const cram = parts.find(isEncrypted) ?? null
  const [hash, ...more] = parts.filter((part) => part !== cram)
  if (more.length > 0) return 'expected one hash'
  const stored = hash === undefined ? null : parseStored(hash)
  if (stored !== null && !stored.ok) return stored.error
  const addresses = list === '' ? [] : list.split(',').map((address) => address.trim().toLowerCase())
  if (addresses.some((address) => !/^[^\s@,]*@[^\s@,]+$/.test(address))) {
    return 'expected addresses or *@domain, divided by commas'
  }
  return { login, stored: stored?.value ?? null, cram, addresses }
}
