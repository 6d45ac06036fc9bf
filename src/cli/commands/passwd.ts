import { randomBytes } from 'node:crypto'
import { maxBcryptOctets } from '../../credentials/passwords/bcrypt.ts'
import { cramKey, encryptPassword } from '../../credentials/passwords/encrypted.ts'
import { madeKinds, makeHash } from '../../credentials/passwords/make.ts'
import { readSecret, SecretError } from '../../credentials/secret.ts'
import { prepare, prepareLogin } from '../../mail/sasl-prep.ts'
import { readPassword } from '../read-password.ts'
import { CommandError, flag, type Invocation, type Run, textOption } from '../run.ts'

const kinds = [...madeKinds, 'cram-md5'] as const
type Kind = (typeof kinds)[number]

/** Prints what stands for a password in a document or in a user file. The password is never an argument: `ps` shows those. */
export const run: Run = async ({ options, terminal }) => {
  const kind = kindOf(options)
  const login = loginOf(options)
  const key = await keyOf(kind, options)
  const typed = await readPassword(process.stdin, terminal.err)
  const password = typed === '' ? null : prepare(typed)
  if (password === null) throw new CommandError('the password is empty, too long, or holds what no password may')
  if (kind === 'bcrypt' && Buffer.byteLength(password) > maxBcryptOctets) {
    throw new CommandError(
      `bcrypt looks at ${maxBcryptOctets} octets and at no more; take another --kind for this password`,
    )
  }
  if ([...password].length < 8) terminal.err('warning: a password of less than 8 characters is soon guessed\n')
  const hash = await made(kind, password, key)
  if (flag(options, 'json')) terminal.out(`${JSON.stringify({ kind, login, hash }, null, 2)}\n`)
  else terminal.out(`${login === null ? hash : `${login}:${hash}`}\n`)
  return 0
}

async function made(kind: Kind, password: string, key: string | null): Promise<string> {
  if (kind === 'cram-md5') return encryptPassword(await cramKey(key!), password, randomBytes(12))
  try {
    return await makeHash(kind, password, randomBytes)
  } catch (error) {
    throw new CommandError((error as Error).message)
  }
}

function kindOf(options: Invocation['options']): Kind {
  const wanted = textOption(options, 'kind') ?? 'scrypt'
  const kind = kinds.find((one) => one === wanted)
  if (kind === undefined)
    throw new CommandError(`--kind: expected one of ${kinds.join(', ')}, got ${JSON.stringify(wanted)}`)
  return kind
}

function loginOf(options: Invocation['options']): string | null {
  const wanted = textOption(options, 'login')
  if (wanted === null) return null
  const login = prepareLogin(wanted)
  if (login === null || login.includes(':') || login !== login.trim() || login.startsWith('#')) {
    throw new CommandError(`--login: expected a name without ":", got ${JSON.stringify(wanted)}`)
  }
  return login
}

async function keyOf(kind: Kind, options: Invocation['options']): Promise<string | null> {
  const wanted = textOption(options, 'key')
  if (kind !== 'cram-md5') {
    if (wanted !== null) throw new CommandError('--key is for --kind cram-md5: other kinds cannot be read again')
    return null
  }
  if (wanted === null) throw new CommandError('--key: expected env:NAME or file:/path, the secret that cramKey names')
  try {
    return (await readSecret(wanted)).value
  } catch (error) {
    if (error instanceof SecretError) throw new CommandError(`--key: ${error.message}`)
    throw error
  }
}
