import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, describe, expect, test } from 'vitest'
import { type Keyboard, readPassword } from '../../src/cli/read-password.ts'
import { PasswordChecks } from '../../src/credentials/passwords/checks.ts'
import { cramKey, decryptPassword } from '../../src/credentials/passwords/encrypted.ts'
import { parseStored } from '../../src/mail/stored-password.ts'
import { program } from '../support/gateway.ts'
import { peers, tempFolder } from '../support/peer.ts'

const checks = new PasswordChecks()
afterAll(() => checks.close())

async function passwd(input: string, ...args: string[]) {
  const child = spawn(process.execPath, [program, 'passwd', ...args], { env: { ...process.env, CRAM_KEY: 'the key' } })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (err += chunk))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, out, err }
}

async function fits(hash: string, password: string): Promise<boolean> {
  const stored = parseStored(hash)
  return stored.ok && (await checks.matches(stored.value, password))
}

// MQ-71, MQ-72
describe('mailgw passwd', () => {
  test('prints a scrypt hash of the line that is piped in, and nothing else', async () => {
    const { code, out, err } = await passwd('correct horse battery\n')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^\$scrypt\$ln=15,r=8,p=1\$\S+\n$/)
    expect(await fits(out.trim(), 'correct horse battery')).toBe(true)
  })

  test('never prints the same twice', async () => {
    const [one, two] = await Promise.all([passwd('correct horse\n'), passwd('correct horse\n')])
    expect(one!.out).not.toBe(two!.out)
  })

  test('prints a line of a user file', async () => {
    const { out } = await passwd('correct horse\r\n', '--kind', 'scram-sha-256', '--login', 'Alice@Example.COM')
    expect(out).toMatch(/^alice@example\.com:\$scram-sha-256\$65536\$/)
    expect(await fits(out.trim().slice('alice@example.com:'.length), 'correct horse')).toBe(true)
  })

  test('encrypts for CRAM-MD5 under the secret that is named', async () => {
    const { out } = await passwd('old device\n', '--kind', 'cram-md5', '--key', 'env:CRAM_KEY', '--json')
    const { kind, login, hash } = JSON.parse(out) as Record<string, string>
    expect([kind, login]).toEqual(['cram-md5', null])
    expect(decryptPassword(await cramKey('the key'), hash!)).toBe('old device')
  })

  test('warns of a short password', async () => {
    const { code, err } = await passwd('hunter2\n')
    expect({ code, err }).toEqual({ code: 0, err: 'warning: a password of less than 8 characters is soon guessed\n' })
  })

  for (const [what, input, args, why] of [
    ['nothing', '', [], 'the password is empty'],
    ['two lines', 'one\ntwo\n', [], 'got more lines'],
    ['a control character', 'a\x07bcdefgh\n', [], 'what no password may'],
    ['far too much', 'x'.repeat(5000), [], 'more than 4096 octets'],
    ['73 octets for bcrypt', `${'x'.repeat(73)}\n`, ['--kind', 'bcrypt'], 'bcrypt looks at 72 octets'],
    ['an unknown kind', 'x\n', ['--kind', 'md5'], '--kind: expected one of scrypt'],
    ['a login with a colon', 'x\n', ['--login', 'a:b'], '--login: expected'],
    ['no key for CRAM-MD5', 'x\n', ['--kind', 'cram-md5'], '--key: expected'],
    ['a key that is not there', 'x\n', ['--kind', 'cram-md5', '--key', 'env:NOT_THERE'], 'not set'],
    ['a key for a hash', 'x\n', ['--key', 'env:CRAM_KEY'], '--key is for'],
  ] as const) {
    test(`makes nothing of ${what}, and does not repeat it`, async () => {
      const { code, out, err } = await passwd(input, ...args)
      expect({ code, out }).toEqual({ code: 1, out: '' })
      expect(err).toContain(why)
      if (input.length > 4) expect(err).not.toContain(input.trim())
    })
  }
})

describe('a password that is typed', () => {
  function keyboard(...typed: string[]): Keyboard & { modes: boolean[] } {
    const modes: boolean[] = []
    const waiting = [...typed]
    const input = new Readable({ read() {} })
    return Object.assign(input, {
      isTTY: true,
      modes,
      setRawMode(on: boolean) {
        modes.push(on)
        // Somebody answers each prompt.
        if (on) for (const char of waiting.shift() ?? '') setImmediate(() => input.push(char))
      },
    })
  }

  test('is asked for twice, corrected as people do, and never echoed', async () => {
    const shown: string[] = []
    const one = keyboard('wrong\x15correct hoo\x7frse\r', 'correct hörse\b\b\b\b' + 'orse\r')
    expect(await readPassword(one, (text) => shown.push(text))).toBe('correct horse')
    expect(shown.join('')).toBe('Password: \nOnce more: \n')
    expect(one.modes).toEqual([true, false, true, false])
  })

  test('must be the same twice', async () => {
    await expect(readPassword(keyboard('one\r', 'two\r'), () => {})).rejects.toThrow('not the same')
  })

  test('is given up by Ctrl-C and Ctrl-D, and the terminal is as it was', async () => {
    for (const key of ['\x03', '\x04']) {
      const one = keyboard(`half${key}`)
      await expect(readPassword(one, () => {})).rejects.toThrow('given up')
      expect(one.modes).toEqual([true, false])
    }
  })

  test.skipIf(!peers('python3'))('at a real terminal is not on the screen', async () => {
    const script = join(tempFolder(), 'type.py')
    writeFileSync(
      script,
      `import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
screen, prompts = b'', 0
while True:
    try:
        came = os.read(fd, 1024)
    except OSError:
        break
    if not came: break
    screen += came
    while prompts < 2 and screen.count(b': ') > prompts:
        prompts += 1
        os.write(fd, b'correct horse\\r')
sys.stdout.buffer.write(screen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`,
    )
    const child = spawn('python3', [script, process.execPath, program, 'passwd'])
    let screen = ''
    child.stdout.on('data', (chunk) => (screen += chunk))
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
    expect(code).toBe(0)
    expect(screen).not.toContain('horse')
    const hash = /\$scrypt\$\S+/.exec(screen)?.[0] ?? ''
    expect(await fits(hash, 'correct horse')).toBe(true)
  })
})
