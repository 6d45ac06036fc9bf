import { createHmac, randomBytes } from 'node:crypto'
import type { StoredPassword } from '../mail/stored-password.ts'
import type { Checked, PlainSecret, ScramForm, ScramKeys, Unknown } from './authenticator.ts'
import { type PasswordChecks, TooBusyError } from './passwords/checks.ts'
import { type CramKey, decryptPassword } from './passwords/encrypted.ts'

/** One who may log in, with what is kept of the password. */
export type KnownUser = {
  /** Folded to lower case. */
  readonly login: string
  /** `null`: CRAM-MD5 alone. */
  readonly stored: StoredPassword | null
  /** Encrypted; `null`: not for CRAM-MD5. */
  readonly cram: string | null
  readonly addresses: readonly string[]
}

export type KnownUsers = ReadonlyMap<string, KnownUser>

/** Which user's hash an unknown login is measured by; nobody outside can tell, and each login has always the same. */
const choice = randomBytes(32)

/**
 * A wrong password and an unknown login take the same time: the password of whoever is not there is compared with the
 * hash of somebody who is, and the result thrown away. Where the hashes are of several kinds, unknown logins are spread
 * over them like the known ones.
 */
export async function checkUser(
  users: KnownUsers,
  login: string,
  password: string,
  checks: PasswordChecks,
  key: CramKey | null,
): Promise<Checked | Unknown> {
  const user = users.get(login)
  const stored = user?.stored ?? somebody(users, login)
  try {
    const matches = stored !== null && (await checks.matches(stored, password))
    if (user === undefined) return { kind: 'unknown' }
    const right = user.stored === null ? isPlain(user, password, key) : matches
    return right ? { kind: 'accepted', login: user.login, addresses: user.addresses } : { kind: 'refused' }
  } catch (error) {
    const why =
      error instanceof TooBusyError ? error.message : `a password was not checked: ${(error as Error).message}`
    return { kind: 'error', why }
  }
}

/** `null`: nobody, or one without keys of SCRAM. */
export function scramOf(users: KnownUsers, login: string): ScramKeys | null {
  const user = users.get(login)
  if (user?.stored?.kind !== 'scram-sha-256') return null
  const { kind: _, ...keys } = user.stored
  return { login: user.login, addresses: user.addresses, ...keys }
}

/** What an unknown login's keys have to look like: those of most users. */
export function scramFormOf(users: KnownUsers): ScramForm | null {
  const counts = new Map<string, { readonly form: ScramForm; count: number }>()
  for (const { stored } of users.values()) {
    if (stored?.kind !== 'scram-sha-256') continue
    const form = { iterations: stored.iterations, saltBytes: stored.salt.length }
    const known = counts.get(`${form.iterations}/${form.saltBytes}`)
    if (known === undefined) counts.set(`${form.iterations}/${form.saltBytes}`, { form, count: 1 })
    else known.count++
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)[0]?.form ?? null
}

/** `null`: nobody, or one whose password cannot be read again. */
export function plainSecretOf(users: KnownUsers, login: string, key: CramKey | null): PlainSecret | null {
  const user = users.get(login)
  if (user === undefined || user.cram === null || key === null) return null
  const secret = decryptPassword(key, user.cram)
  return secret === null ? null : { login: user.login, addresses: user.addresses, secret }
}

const withHash = new WeakMap<KnownUsers, readonly StoredPassword[]>()

function somebody(users: KnownUsers, login: string): StoredPassword | null {
  let all = withHash.get(users)
  if (all === undefined) {
    all = [...users.values()].flatMap(({ stored }) => (stored === null ? [] : [stored]))
    withHash.set(users, all)
  }
  if (all.length === 0) return null
  const at = createHmac('sha256', choice).update(login).digest().readUInt32BE(0) % all.length
  return all[at]!
}

function isPlain(user: KnownUser, password: string, key: CramKey | null): boolean {
  const secret = user.cram === null || key === null ? null : decryptPassword(key, user.cram)
  const of = (text: string): Buffer => createHmac('sha256', choice).update(text).digest()
  return secret !== null && of(secret).equals(of(password))
}
