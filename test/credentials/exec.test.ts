import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { CredentialSettings } from '../../src/mail/login-settings.ts'
import { until } from '../support/gateway.ts'
import { peers, tempFolder } from '../support/peer.ts'
import { authenticatorOf, context, usual } from './support.ts'

/** A program of this test; `$F` is a folder that it may write in. */
function program(lines: string, timeoutMs = 10_000) {
  const folder = tempFolder()
  const file = join(folder, 'check')
  writeFileSync(file, `#!/bin/sh\nF='${folder}'\n${lines}\n`)
  chmodSync(file, 0o755)
  const settings = { ...usual, kind: 'exec', argv: [file, 'an argument; echo $HOME'], timeoutMs } as const
  return { folder, ...authenticatorOf([settings]) }
}

const ask = async ({ authenticator }: ReturnType<typeof program>) =>
  await authenticator.checkPassword('alice', 'won\'der"land $(id)', context)

describe('a program', () => {
  // MR-23
  test('gets the question on its standard input, and nothing of it in arguments or environment', async () => {
    process.env['MAILGW_TEST_SECRET'] = 'of the gateway'
    const run = program('cat > $F/in; tr "\\0" "\\n" < /proc/$$/environ > $F/env; echo "$1" > $F/argv; exit 0')
    expect(await ask(run)).toEqual({ kind: 'accepted', login: 'alice', addresses: [] })
    delete process.env['MAILGW_TEST_SECRET']
    const read = (name: string) => readFileSync(join(run.folder, name), 'utf8')
    expect(JSON.parse(read('in'))).toEqual({
      login: 'alice',
      password: 'won\'der"land $(id)',
      client: '192.0.2.7',
      listener: 'submission',
      tls: true,
    })
    expect(read('argv')).toBe('an argument; echo $HOME\n')
    expect(read('env')).not.toMatch(/alice|MAILGW/)
  })

  test.each([
    ['exit 0', { kind: 'accepted', login: 'alice', addresses: [] }],
    ['echo successfully authenticated; exit 0', { kind: 'accepted', login: 'alice', addresses: [] }],
    [
      `echo '{"login":"Alice","addresses":["a@x.test"]}'; exit 0`,
      { kind: 'accepted', login: 'alice', addresses: ['a@x.test'] },
    ],
    ['exit 1', { kind: 'refused' }],
    ['exit 67', { kind: 'refused' }],
  ])('%s', async (lines, want) => {
    expect(await ask(program(lines))).toEqual(want)
  })

  test.each([
    ['exit 2', 'ended with status 2'],
    ['exit 75', 'ended with status 75'],
    ['kill -TERM $$', 'was ended by SIGTERM'],
    [`echo '{"addresses":7}'; exit 0`, 'printed what is no answer'],
    [`echo '{'; exit 0`, 'printed what is no answer'],
    ['yes | head -c 100000; exit 0', 'printed more than 65536 octets'],
  ])('%s is an error', async (lines, why) => {
    expect(await ask(program(lines))).toMatchObject({ kind: 'error', why: expect.stringContaining(why) })
  })

  test('one that is not there is an error', async () => {
    const argv = ['/nonexistent/check']
    const { authenticator } = authenticatorOf([{ ...usual, kind: 'exec', argv }])
    const answer = await authenticator.checkPassword('alice', 'p', context)
    expect(answer).toEqual({ kind: 'error', why: 'one: /nonexistent/check cannot be run: ENOENT' })
  })

  test('an exit of 67 asks the next back-end', async () => {
    const settings = { ...usual, kind: 'exec' } as const
    const [nobody, yes] = [['/bin/sh', '-c', 'exit 67'], ['/bin/true']]
    const two = [
      { ...settings, id: 'a', argv: nobody! },
      { ...settings, id: 'b', argv: yes! },
    ]
    const { authenticator } = authenticatorOf(two)
    expect(await authenticator.checkPassword('alice', 'p', context)).toMatchObject({ kind: 'accepted' })
  })

  test('when its time is over all that it started is ended', async () => {
    const run = program('sleep 300 & echo $! > $F/child; echo $$ > $F/self; wait', 500)
    expect(await ask(run)).toEqual({ kind: 'error', why: 'one: no answer within 0.5 s' })
    for (const name of ['child', 'self']) {
      const pid = readFileSync(join(run.folder, name), 'utf8').trim()
      await until(`${name} has ended`, () => isGone(pid))
    }
  })

  test('what it leaves running when it ends is ended too, and keeps nobody waiting', async () => {
    const run = program('sleep 300 & echo $! > $F/child; exit 0')
    expect(await ask(run)).toMatchObject({ kind: 'accepted' })
    const pid = readFileSync(join(run.folder, 'child'), 'utf8').trim()
    await until('it has ended', () => isGone(pid))
  })

  test('one that does not read its input is heard all the same', async () => {
    expect(await ask(program('exec 0<&-; exit 1'))).toEqual({ kind: 'refused' })
  })
})

// MR-20
test.skipIf(!peers('python3'))('PAM is asked by the program of the examples', async () => {
  const folder = tempFolder()
  const check = join(folder, 'check')
  // What pam_exec(8) shows of the question: name and client in the environment, the password on standard input.
  const right = '[ "$PAM_USER/$PAM_RHOST/$(tr -d "\\0")" = "alice/192.0.2.7/wonder lä\'nd" ]'
  writeFileSync(check, `#!/bin/sh\n${right}\n`, { mode: 0o755 })
  const service = (name: string, ...lines: string[]) =>
    writeFileSync(join(folder, name), `${[...lines, 'account required pam_permit.so', ''].join('\n')}`)
  const own = `auth [success=1 default=ignore] pam_exec.so quiet expose_authtok ${check}`
  service('own', own, 'auth requisite pam_deny.so', 'auth required pam_permit.so')
  service('unix', 'auth required pam_unix.so nodelay')
  service('broken', 'auth required pam_nonexistent.so')
  const ask = async (name: string, login: string, password: string) => {
    const argv = [join(import.meta.dirname, '../../examples/login/pam-check.py'), name, folder]
    const back: CredentialSettings = { ...usual, id: 'pam', kind: 'exec', argv, timeoutMs: 20_000 }
    const { authenticator } = authenticatorOf([back])
    const answer = await authenticator.checkPassword(login, password, context)
    const [health] = authenticator.health()
    return [answer.kind, health!.accepted, health!.refused, health!.unknown, health!.errors]
  }
  expect(await ask('own', 'alice', "wonder lä'nd")).toEqual(['accepted', 1, 0, 0, 0])
  expect(await ask('own', 'alice', 'wonder')).toEqual(['refused', 0, 1, 0, 0])
  expect(await ask('unix', 'nobody-of-this-name', 'x')).toEqual(['refused', 0, 0, 1, 0])
  expect(await ask('broken', 'alice', 'x')).toEqual(['error', 0, 0, 0, 1])
  // Without a file for the service PAM has only `other`, which must not let anybody in.
  expect((await ask('nosuch', 'alice', 'x'))[0]).not.toBe('accepted')
})

/** Ended, or about to be taken notice of. */
function isGone(pid: string): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return true
  return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}
