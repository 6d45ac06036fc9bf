import { readFile, stat } from 'node:fs/promises'
import type { Log } from '../mail/log.ts'
import { checkUser, type KnownUsers, plainSecretOf, scramFormOf, scramOf } from './known-users.ts'
import type { PasswordChecks } from './passwords/checks.ts'
import { cramKey } from './passwords/encrypted.ts'
import type { Source } from './source.ts'
import { type BrokenLine, readUserLines } from './user-lines.ts'

export type UserFileOptions = {
  readonly path: string
  /** The secret that `cramKey` names; `null`: nobody has CRAM-MD5. */
  readonly secret: string | null
  readonly checks: PasswordChecks
  readonly log: Log
}

const maxBytes = 32 * 1024 * 1024
/** Broken lines that are named; the others are counted. */
const named = 10

/**
 * Users in a file on the gateway (`user-lines.ts`), read again when it has changed: looked at with each login, which is
 * one question to the system. A broken line is skipped and named in the log. A file that cannot be read, or holds nobody,
 * is an error and not an empty list: its users are told to come again, not that their password is wrong.
 */
export function userFile({ path, secret, checks, log }: UserFileOptions): Source {
  const key = secret === null ? null : cramKey(secret)
  key?.catch(() => {})
  let known: { readonly mark: string; readonly users: KnownUsers } | null = null
  let reading: Promise<KnownUsers> | null = null

  async function users(): Promise<KnownUsers> {
    const { mark } = await look(path)
    if (known?.mark === mark) return known.users
    reading ??= read().finally(() => (reading = null))
    return await reading
  }

  async function read(): Promise<KnownUsers> {
    known = null
    for (let tries = 0; tries < 3; tries++) {
      const before = await look(path)
      const { users, broken } = await readUserLines(await readFile(path).catch(unreadable))
      const after = await look(path)
      // Somebody writes it at this moment.
      if (after.mark !== before.mark) continue
      tell(before, users, broken)
      if (users.size === 0) throw new Error('the user file holds nobody')
      known = { mark: before.mark, users }
      return users
    }
    throw new Error('the user file changes while it is read')
  }

  function tell({ isOpen }: Seen, users: KnownUsers, broken: readonly BrokenLine[]): void {
    log.info('login.file-read', { file: path, users: users.size, broken: broken.length })
    for (const { line, why } of broken.slice(0, named)) log.warn('login.file-line', { file: path, line, why })
    if (isOpen) log.warn('login.file-open', { file: path, why: 'others can read or write it; chmod 0600' })
  }

  return {
    async checkPassword(login, password) {
      return await checkUser(await users(), login, password, checks, await key)
    },
    scram: async (login) => scramOf(await users(), login),
    scramForm: async () => scramFormOf(await users()),
    plainSecret: async (login) => plainSecretOf(await users(), login, await key),
    close: async () => {},
  }
}

type Seen = {
  /** Changes with the file. */
  readonly mark: string
  /** Others than its owner and its group can read it, or others than its owner write it. */
  readonly isOpen: boolean
}

async function look(path: string): Promise<Seen> {
  const facts = await stat(path, { bigint: true }).catch(unreadable)
  if (!facts.isFile()) throw new Error('the user file is no file')
  if (facts.size > maxBytes) throw new Error(`the user file has more than ${maxBytes} bytes`)
  const { ino, size, mtimeNs, ctimeNs, mode } = facts
  return { mark: `${ino}/${size}/${mtimeNs}/${ctimeNs}`, isOpen: (Number(mode) & 0o026) !== 0 }
}

function unreadable(error: NodeJS.ErrnoException): never {
  throw new Error(`the user file cannot be read: ${error.code ?? error.message}`)
}
