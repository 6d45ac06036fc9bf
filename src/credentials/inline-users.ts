import type { UserSettings } from '../mail/login-settings.ts'
import { parseStored } from '../mail/stored-password.ts'
import { checkUser, type KnownUser, plainSecretOf, scramFormOf, scramOf } from './known-users.ts'
import type { PasswordChecks } from './passwords/checks.ts'
import { cramKey } from './passwords/encrypted.ts'
import type { Source } from './source.ts'

export type InlineUsersOptions = {
  readonly users: readonly UserSettings[]
  /** The secret that `cramKey` names; `null`: nobody has CRAM-MD5. */
  readonly secret: string | null
  readonly checks: PasswordChecks
}

/** The users that stand in the document itself. Whose hash cannot be read is refused: the document was checked before. */
export function inlineUsers({ users, secret, checks }: InlineUsersOptions): Source {
  const known = new Map(users.map((user): [string, KnownUser] => [user.login, knownUser(user)]))
  const key = secret === null ? null : cramKey(secret)
  // Whoever asks for it first hears of it; nobody may.
  key?.catch(() => {})
  return {
    checkPassword: async (login, password) => await checkUser(known, login, password, checks, await key),
    scram: async (login) => scramOf(known, login),
    scramForm: async () => scramFormOf(known),
    plainSecret: async (login) => plainSecretOf(known, login, await key),
    close: async () => {},
  }
}

function knownUser({ login, hash, cram, addresses }: UserSettings): KnownUser {
  const stored = hash === null ? null : parseStored(hash)
  return { login, stored: stored?.ok ? stored.value : null, cram, addresses }
}
