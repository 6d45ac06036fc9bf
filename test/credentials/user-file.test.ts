import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LoginContext } from '../../src/credentials/authenticator.ts'
import { inlineUsers } from '../../src/credentials/inline-users.ts'
import { PasswordChecks } from '../../src/credentials/passwords/checks.ts'
import { cramKey, encryptPassword } from '../../src/credentials/passwords/encrypted.ts'
import { makeScram } from '../../src/credentials/passwords/scram-keys.ts'
import { makeScrypt } from '../../src/credentials/passwords/scrypt.ts'
import type { Source } from '../../src/credentials/source.ts'
import { userFile } from '../../src/credentials/user-file.ts'
import { readUserLines } from '../../src/credentials/user-lines.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { type LogFields, silentLog } from '../../src/mail/log.ts'
import { tempFolder } from '../support/peer.ts'

const cheap = { log2n: 10, r: 8, p: 1 }
const checks = new PasswordChecks()
let alice = ''
let bob = ''
beforeAll(async () => {
  alice = await makeScrypt('wonderland', randomBytes(16), cheap)
  bob = await makeScram('builder', randomBytes(16), 4096)
})
afterAll(() => checks.close())

const context: LoginContext = { client: '192.0.2.9' as IpAddress, listener: 'in', tls: true, channelBinding: null }
const signal = new AbortController().signal
const ask = async (source: Source, login: string, password: string): Promise<string> => {
  try {
    return (await source.checkPassword!(login, password, context, signal)).kind
  } catch (error) {
    return (error as Error).message
  }
}

function opened(text: string | null, secret: string | null = null) {
  const path = join(tempFolder(), 'users')
  if (text !== null) writeFileSync(path, text, { mode: 0o600 })
  const told: (LogFields & { event: string })[] = []
  const tell = (event: string, fields: LogFields = {}) => void told.push({ event, ...fields })
  const log = { ...silentLog, info: tell, warn: tell }
  return { path, told, source: userFile({ path, secret, checks, log }) }
}

/** As an editor does: another file under the old name. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

// MR-22
describe('a user file', () => {
  test('lets in who stands in it with the password, whatever the kind of the hash', async () => {
    const { source } = opened(`# people\n\nalice:${alice}\nbob@example.com:${bob}:sales@example.com,*@bob.example\n`)
    expect(await ask(source, 'alice', 'wonderland')).toBe('accepted')
    expect(await ask(source, 'alice', 'builder')).toBe('refused')
    expect(await ask(source, 'nobody', 'wonderland')).toBe('unknown')
    expect(await source.checkPassword!('bob@example.com', 'builder', context, signal)).toEqual({
      kind: 'accepted',
      login: 'bob@example.com',
      addresses: ['sales@example.com', '*@bob.example'],
    })
  })

  test('gives keys for SCRAM of whom it has some, and of nobody else', async () => {
    const { source } = opened(`alice:${alice}\nbob:${bob}\n`)
    expect(await source.scram!('bob')).toMatchObject({ login: 'bob', iterations: 4096 })
    expect(await source.scram!('alice')).toBeNull()
    expect(await source.scram!('nobody')).toBeNull()
    expect(await source.scramForm!()).toEqual({ iterations: 4096, saltBytes: 16 })
  })

  test('is read again when it has changed, in place or under another file', async () => {
    const { source, path, told } = opened(`alice:${alice}\n`)
    expect(await ask(source, 'bob', 'builder')).toBe('unknown')
    replace(path, `alice:${alice}\nbob:${bob}\n`)
    expect(await ask(source, 'bob', 'builder')).toBe('accepted')
    writeFileSync(path, `bob:${bob}\n`)
    expect(await ask(source, 'alice', 'wonderland')).toBe('unknown')
    const readings = told.filter(({ event }) => event === 'login.file-read').length
    expect(await ask(source, 'bob', 'builder')).toBe('accepted')
    expect(told.filter(({ event }) => event === 'login.file-read').length).toBe(readings)
  })

  test('of the same size and time is still another file', async () => {
    const [one, other] = [
      await makeScrypt('one', randomBytes(16), cheap),
      await makeScrypt('two', randomBytes(16), cheap),
    ]
    const { source, path } = opened(`alice:${one}\n`)
    utimesSync(path, 1_000_000, 1_000_000)
    expect(await ask(source, 'alice', 'one')).toBe('accepted')
    replace(path, `alice:${other}\n`)
    utimesSync(path, 1_000_000, 1_000_000)
    expect(await ask(source, 'alice', 'one')).toBe('refused')
  })

  test('names broken lines, repeats nothing of them, and lets the others in', async () => {
    const broken = [
      'hunter2',
      'carol:hunter2',
      `:${alice}`,
      `a:b:c:d`,
      `alice:${bob}`,
      `dave:${alice}:no-address`,
      `eve:${alice} ${bob}`,
    ]
    const { source, path, told } = opened(`alice:${alice}\n${broken.join('\n')}\n`)
    expect(await ask(source, 'alice', 'wonderland')).toBe('accepted')
    expect(await ask(source, 'carol', 'hunter2')).toBe('unknown')
    expect(told.filter(({ event }) => event === 'login.file-line').map(({ line }) => line)).toEqual([
      2, 3, 4, 5, 6, 7, 8,
    ])
    expect(told[0]).toEqual({ event: 'login.file-read', file: path, users: 1, broken: 7 })
    const all = JSON.stringify(told)
    for (const secret of ['hunter2', alice, bob, 'no-address']) expect(all).not.toContain(secret)
  })

  test('names ten broken lines and counts the rest', async () => {
    const { source, told } = opened(`alice:${alice}\n${'broken\n'.repeat(50)}`)
    expect(await ask(source, 'alice', 'wonderland')).toBe('accepted')
    expect(told.filter(({ event }) => event === 'login.file-line')).toHaveLength(10)
    expect(told[0]).toMatchObject({ broken: 50 })
  })

  test('that others can read is used, and told of', async () => {
    for (const [mode, open] of [
      [0o600, false],
      [0o640, false],
      [0o644, true],
      [0o660, true],
    ] as const) {
      const { source, path, told } = opened(`alice:${alice}\n`)
      chmodSync(path, mode)
      expect(await ask(source, 'alice', 'wonderland')).toBe('accepted')
      expect(told.some(({ event }) => event === 'login.file-open')).toBe(open)
    }
  })

  // 454 and not 535: a mistake of ours must not tell a thousand clients that their password is wrong.
  test('that is missing, empty, a folder or without one good line is an error, until it is mended', async () => {
    const { source, path } = opened(null)
    expect(await ask(source, 'alice', 'wonderland')).toBe('the user file cannot be read: ENOENT')
    replace(path, '')
    expect(await ask(source, 'alice', 'wonderland')).toBe('the user file holds nobody')
    replace(path, 'alice:wonderland\n')
    expect(await ask(source, 'alice', 'wonderland')).toBe('the user file holds nobody')
    rmSync(path)
    mkdirSync(path)
    expect(await ask(source, 'alice', 'wonderland')).toBe('the user file is no file')
    rmSync(path, { recursive: true })
    replace(path, `alice:${alice}\n`)
    expect(await ask(source, 'alice', 'wonderland')).toBe('accepted')
    rmSync(path)
    expect(await ask(source, 'alice', 'wonderland')).toBe('the user file cannot be read: ENOENT')
  })

  test('that is far too large is not read', async () => {
    const { source, path } = opened('')
    truncateSync(path, 33 * 1024 * 1024)
    expect(await ask(source, 'alice', 'x')).toMatch('more than 33554432 bytes')
  })

  test('asked by many at once is read once', async () => {
    const { source, told } = opened(`alice:${alice}\n`)
    const all = await Promise.all(Array.from({ length: 20 }, () => ask(source, 'alice', 'wonderland')))
    expect(new Set(all)).toEqual(new Set(['accepted']))
    expect(told.filter(({ event }) => event === 'login.file-read')).toHaveLength(1)
  })

  test('with an encrypted password serves CRAM-MD5, and PLAIN too', async () => {
    const sealed = encryptPassword(await cramKey('the key'), 'old device', randomBytes(12))
    const { source } = opened(`scanner:${sealed}\nboth:${bob} ${sealed}\nalice:${alice}\n`, 'the key')
    expect(await source.plainSecret!('scanner')).toEqual({ login: 'scanner', addresses: [], secret: 'old device' })
    expect(await source.plainSecret!('both')).toMatchObject({ secret: 'old device' })
    expect(await source.plainSecret!('alice')).toBeNull()
    expect(await ask(source, 'scanner', 'old device')).toBe('accepted')
    expect(await ask(source, 'scanner', 'builder')).toBe('refused')
    expect(await ask(source, 'both', 'builder')).toBe('accepted')
    const other = opened(`scanner:${sealed}\n`, 'another key')
    expect(await other.source.plainSecret!('scanner')).toBeNull()
    expect(await ask(other.source, 'scanner', 'old device')).toBe('refused')
  })

  test('of any text is read to its end, and what is kept of it could be written again', async () => {
    const part = fc.oneof(
      fc.constantFrom('alice', ':', '#', '\n', '\r\n', ' ', ',', '@', '$scrypt$', '$6$'),
      fc.string(),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 20 }), async (parts) => {
        const { users } = await readUserLines(Buffer.from(`x:${alice}\n${parts.join('')}`))
        expect(users.get('x')?.stored).not.toBeNull()
        for (const [login, user] of users) expect(user.login).toBe(login)
      }),
    )
  })
})

describe('users of the document', () => {
  test('are let in like those of a file', async () => {
    const users = [
      { login: 'alice', hash: alice, cram: null, addresses: ['a@example.com'] },
      { login: 'bob', hash: bob, cram: null, addresses: [] },
      { login: 'broken', hash: 'no hash', cram: null, addresses: [] },
    ]
    const source = inlineUsers({ users, secret: null, checks })
    expect(await ask(source, 'alice', 'wonderland')).toBe('accepted')
    expect(await ask(source, 'alice', 'builder')).toBe('refused')
    expect(await ask(source, 'broken', 'no hash')).toBe('refused')
    expect(await ask(source, 'nobody', 'x')).toBe('unknown')
    expect(await source.scram!('bob')).toMatchObject({ iterations: 4096 })
  })
})

describe('how long an answer takes', () => {
  /** The middle of several takes, in milliseconds; takes alternate, so that a busy machine slows both. */
  async function compare(source: Source, logins: readonly string[]): Promise<number[]> {
    const takes = logins.map((): number[] => [])
    for (let round = 0; round < 9; round++) {
      for (const [at, login] of logins.entries()) {
        const startedAt = performance.now()
        await ask(source, login, 'wrong password')
        takes[at]!.push(performance.now() - startedAt)
      }
    }
    return takes.map((list) => list.sort((a, b) => a - b)[4]!)
  }

  test('is the same for an unknown login and for a wrong password', async () => {
    const hash = await makeScrypt('wonderland', randomBytes(16), { log2n: 13, r: 8, p: 1 })
    const { source } = opened(`alice:${hash}\n`)
    const [wrong, unknown] = await compare(source, ['alice', 'nobody'])
    expect(wrong!).toBeGreaterThan(3)
    expect(Math.max(wrong!, unknown!) / Math.min(wrong!, unknown!)).toBeLessThan(1.5)
  })

  test('is for one who has CRAM-MD5 alone what it is for the others', async () => {
    const hash = await makeScrypt('wonderland', randomBytes(16), { log2n: 13, r: 8, p: 1 })
    const sealed = encryptPassword(await cramKey('the key'), 'old device', randomBytes(12))
    const { source } = opened(`alice:${hash}\nscanner:${sealed}\n`, 'the key')
    const [wrong, cram] = await compare(source, ['alice', 'scanner'])
    expect(Math.max(wrong!, cram!) / Math.min(wrong!, cram!)).toBeLessThan(1.5)
  })

  test('of unknown logins is spread over the kinds of hashes like those of known ones', async () => {
    const slow = await makeScrypt('wonderland', randomBytes(16), { log2n: 14, r: 8, p: 1 })
    const { source } = opened(`slow:${slow}\nfast:${alice}\n`)
    const logins = Array.from({ length: 20 }, (_, n) => `nobody${n}`)
    const takes: number[] = []
    for (const login of logins) {
      const startedAt = performance.now()
      await ask(source, login, 'x')
      takes.push(performance.now() - startedAt)
    }
    const sorted = takes.sort((a, b) => a - b)
    expect(sorted.at(-1)! / sorted[0]!).toBeGreaterThan(4)
  })
})
