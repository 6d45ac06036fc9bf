import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  parseSecretRef,
  readSecret,
  resolveSecret,
  SecretError,
  type SecretSources,
} from '../../src/credentials/secret.ts'
import { tempFolder } from '../support/peer.ts'

const exec = (...argv: string[]) => `exec:${JSON.stringify(argv)}`
const value = async (ref: string, sources?: SecretSources) => (await readSecret(ref, sources)).value

async function failure(ref: string, sources?: SecretSources): Promise<string> {
  try {
    await readSecret(ref, sources)
  } catch (error) {
    expect(error).toBeInstanceOf(SecretError)
    return (error as SecretError).message
  }
  throw new Error('expected an error, got a secret')
}

describe('a secret comes from', () => {
  test('the environment of the gateway', async () => {
    expect(await value('env:ISP_PASS', { env: { ISP_PASS: 'horse battery' } })).toBe('horse battery')
  })

  test('the first line of a file', async () => {
    const path = join(tempFolder(), 'pass')
    writeFileSync(path, 'horse\r\nnot this\n', { mode: 0o600 })
    expect(await readSecret(`file:${path}`)).toEqual({ value: 'horse', warning: null })
  })

  test('the first line that a program prints, its arguments as they are', async () => {
    expect(await value(exec('printf', '%s\\nsecond', '$(id) ; `id` "quoted"'))).toBe('$(id) ; `id` "quoted"')
  })

  test('a program that reads its input gets none and does not wait', async () => {
    expect(await value(exec('sh', '-c', 'cat; echo done'))).toBe('done')
  })
})

test('resolveSecret gives the bare value to whoever asks for nothing else', async () => {
  process.env['MAILGW_TEST_SECRET'] = 'horse'
  expect(await resolveSecret({ $secret: 'env:MAILGW_TEST_SECRET' })).toBe('horse')
})

test('a file that every user can read gives the secret and a warning', async () => {
  const path = join(tempFolder(), 'pass')
  writeFileSync(path, 'horse\n')
  for (const [mode, warned] of [
    [0o644, true],
    [0o604, true],
    [0o640, false],
    [0o600, false],
    [0o400, false],
  ] as const) {
    chmodSync(path, mode)
    const { value: found, warning } = await readSecret(`file:${path}`)
    expect(found).toBe('horse')
    expect(warning !== null).toBe(warned)
    expect(warning ?? '').not.toContain('horse')
  }
})

describe('what cannot be had is an error that tells why, and nothing of the value', () => {
  test('a variable that is not set, or empty', async () => {
    expect(await failure('env:NONE', { env: {} })).toBe('secret env:NONE: the environment variable is not set')
    expect(await failure('env:NONE', { env: { NONE: '' } })).toBe('secret env:NONE: it is empty')
    expect(await failure('env:NONE', { env: { NONE: '\nhorse' } })).toBe('secret env:NONE: it is empty')
  })

  test('names of the prototype are no variables', async () => {
    expect(await failure('env:MISSING')).toContain('not set')
  })

  test('a file that is missing, a folder, or too large', async () => {
    const folder = tempFolder()
    expect(await failure(`file:${folder}/gone`)).toBe(`secret file:${folder}/gone: there is no such file`)
    mkdirSync(join(folder, 'd'))
    expect(await failure(`file:${folder}/d`)).toContain('it is not a regular file')
    writeFileSync(join(folder, 'large'), 'x'.repeat(70_000))
    expect(await failure(`file:${folder}/large`)).toContain('larger than 65536 bytes')
  })

  test('a NUL, which no protocol carries', async () => {
    expect(await failure('env:A', { env: { A: 'horse\0' } })).toBe('secret env:A: it holds a NUL character')
  })

  test('a program that fails, though it prints the secret on both of its outputs', async () => {
    const message = await failure(exec('sh', '-c', 'echo horse; echo horse >&2; exit 3', 'token'))
    expect(message).toBe('secret exec:"sh": the program ended with status 3')
  })

  test('a program that is missing, is ended by a signal, prints too much, or never ends', async () => {
    expect(await failure(exec('/nonexistent/vault'))).toBe('secret exec:"/nonexistent/vault": there is no such file')
    expect(await failure(exec('sh', '-c', 'kill -9 $$'))).toContain('ended by SIGKILL')
    expect(await failure(exec('sh', '-c', 'yes horse | head -c 100000'))).toContain('printed more than 65536 bytes')
    expect(await failure(exec('sleep', '30'), { timeoutMs: 200 })).toContain('did not end within 0.2 s')
  })
})

describe('what is no reference is refused without being repeated', () => {
  for (const ref of [
    'horse',
    'pass:horse',
    'env:',
    'env:a b',
    'env:horse battery',
    'file:relative',
    'exec:horse',
    'exec:[]',
    'exec:[""]',
    'exec:[1]',
    'exec:{}',
    'ENV:X',
    '',
  ]) {
    test(JSON.stringify(ref), async () => {
      expect(parseSecretRef(ref)).toBe(null)
      expect(await failure(ref)).toContain('expected env:NAME, file:/path or exec:["program"]')
    })
  }

  test('a password in place of a reference', async () => {
    expect(await failure('horse:battery')).not.toContain('horse')
  })
})

test('no secret is ever written by this module', () => {
  const source = readFileSync(join(import.meta.dirname, '../../src/credentials/secret.ts'), 'utf8')
  expect(source).not.toMatch(/console\.|stderr\.write|stdout\.write/)
})
