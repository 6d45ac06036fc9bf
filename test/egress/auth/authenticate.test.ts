import { describe, expect, test } from 'vitest'
import { authenticate } from '../../../src/egress/auth/authenticate.ts'
import type { Credentials } from '../../../src/egress/auth/credentials.ts'
import type { IpAddress } from '../../../src/mail/ip.ts'
import { usualMechanisms } from '../../../src/mail/relay-login.ts'

const password = (mechanisms = usualMechanisms): Credentials => ({
  kind: 'password',
  user: 'ann',
  pass: 'geheim',
  mechanisms,
})
const token = (value = 'tok'): Credentials => ({
  kind: 'token',
  user: 'printer@corp.example',
  token: value,
  mechanisms: ['XOAUTH2', 'OAUTHBEARER'],
})
const base64 = (text: string) => Buffer.from(text).toString('base64')

/** A wire to a host that answers what the test wants, in turn; `heard` is what it was told. */
function wireTo(
  answers: readonly string[],
  more: { tls?: string | null; binding?: Buffer | null; address?: string } = {},
) {
  const heard: string[] = []
  const left = [...answers]
  const wire = {
    tls: more.tls === undefined ? 'TLSv1.3 X' : more.tls,
    host: { name: 'smtp.isp.example', address: (more.address ?? '192.0.2.1') as IpAddress, port: 587 },
    channelBinding: () => more.binding ?? null,
    async ask(command: string) {
      heard.push(command.trimEnd())
      const [, code, text = ''] = /^(\d{3}) ?(.*)$/.exec(left.shift() ?? '500 nothing more to say')!
      const [, status = null, rest] = /^(?:([245]\.\d+\.\d+) )?(.*)$/.exec(text)!
      return { code: Number(code), status, text: rest! }
    },
  }
  const login = (credentials: Credentials, offered: readonly string[]) =>
    authenticate(wire as never, credentials, new Set(offered), 1000, (bytes) => Buffer.alloc(bytes, 7))
  return { login, heard }
}

describe('which mechanism', () => {
  const cases: readonly (readonly [string, readonly string[], string])[] = [
    ['SCRAM-SHA-256 before all that shows the password', ['LOGIN', 'PLAIN', 'SCRAM-SHA-256'], 'AUTH SCRAM-SHA-256'],
    ['PLAIN before LOGIN', ['LOGIN', 'PLAIN'], 'AUTH PLAIN'],
    ['LOGIN where there is nothing else', ['GSSAPI', 'LOGIN'], 'AUTH LOGIN'],
    ['not SCRAM-SHA-1, unless the document asks for it', ['SCRAM-SHA-1', 'PLAIN'], 'AUTH PLAIN'],
  ]
  for (const [name, offered, begin] of cases) {
    test(name, async () => {
      const { login, heard } = wireTo(['535 5.7.8 no'])
      await login(password(), offered)
      expect(heard[0]!.startsWith(begin)).toBe(true)
    })
  }

  test('-PLUS where the connection binds, and -PLUS alone says so', async () => {
    const bound = wireTo(['535 5.7.8 no'], { binding: Buffer.from('x') })
    await bound.login(password(), ['SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS'])
    expect(bound.heard[0]).toMatch(/^AUTH SCRAM-SHA-256-PLUS cD10bHMtZXhwb3J0ZXIs/)
    const unbound = wireTo(['535 5.7.8 no'])
    await unbound.login(password(), ['SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS'])
    expect(unbound.heard[0]!.startsWith(`AUTH SCRAM-SHA-256 ${base64('n,,')}`)).toBe(true)
  })

  test('-PLUS that is not offered is missed aloud, so that a host which did offer it notices (RFC 5802 §6)', async () => {
    const { login, heard } = wireTo(['535 5.7.8 no'], { binding: Buffer.from('x') })
    await login(password(), ['SCRAM-SHA-256'])
    expect(Buffer.from(heard[0]!.split(' ')[2]!, 'base64').toString()).toMatch(/^y,,/)
  })

  test("the document's order counts, and what it does not name is not used", async () => {
    const { login, heard } = wireTo(['334', '334', '235 2.7.0 ok'])
    expect(await login(password(['LOGIN', 'PLAIN']), ['PLAIN', 'LOGIN', 'SCRAM-SHA-256'])).toBeNull()
    expect(heard).toEqual(['AUTH LOGIN', base64('ann'), base64('geheim')])
    const none = wireTo([])
    const failure = await none.login(password(['SCRAM-SHA-256']), ['PLAIN', 'LOGIN'])
    expect(failure).toMatchObject({ status: '4.7.4', reply: null })
    expect(none.heard).toEqual([])
  })

  test('a refusal is the end: no weaker mechanism is tried after it', async () => {
    const { login, heard } = wireTo(['535 5.7.8 no'])
    expect(await login(password(), ['PLAIN', 'LOGIN'])).toMatchObject({ reply: { code: 535 } })
    expect(heard).toHaveLength(1)
  })

  test('a mechanism that was offered and then is not known (504) is followed by the next one', async () => {
    const { login, heard } = wireTo(['504 5.5.4 what?', '235 2.7.0 ok'])
    expect(await login(password(), ['SCRAM-SHA-256', 'PLAIN'])).toBeNull()
    expect(heard[1]).toBe(`AUTH PLAIN ${base64('\0ann\0geheim')}`)
  })
})

describe('in clear', () => {
  for (const credentials of [password(), token()]) {
    test(`no ${credentials.kind} goes to a host that is not this machine, by no mechanism`, async () => {
      const { login, heard } = wireTo([], { tls: null })
      const failure = await login(credentials, ['PLAIN', 'SCRAM-SHA-256', 'XOAUTH2'])
      expect(failure?.status).toBe('4.7.11')
      expect(heard).toEqual([])
    })
  }
  test('to this machine it may go', async () => {
    const { login } = wireTo(['235 2.7.0 ok'], { tls: null, address: '127.0.0.1' })
    expect(await login(password(), ['PLAIN'])).toBeNull()
  })
})

describe('a token', () => {
  const shown = 'user=printer@corp.example\x01auth=Bearer tok\x01\x01'

  test('goes by XOAUTH2, with the command when that is a line (RFC 4954 §4)', async () => {
    const { login, heard } = wireTo(['235 2.7.0 Authentication successful'])
    expect(await login(token(), ['LOGIN', 'XOAUTH2'])).toBeNull()
    expect(heard).toEqual([`AUTH XOAUTH2 ${base64(shown)}`])
  })

  test('goes after the command when the line would be longer than 512 octets', async () => {
    const long = 'x'.repeat(2000)
    const { login, heard } = wireTo(['334', '235 2.7.0 ok'])
    expect(await login(token(long), ['XOAUTH2'])).toBeNull()
    expect(heard[0]).toBe('AUTH XOAUTH2')
    expect(Buffer.from(heard[1]!, 'base64').toString()).toBe(shown.replace('tok', long))
  })

  test('is never shown to a host that offers passwords alone', async () => {
    const { login, heard } = wireTo([])
    expect(await login(token(), ['PLAIN', 'LOGIN'])).toMatchObject({ status: '4.7.4' })
    expect(heard).toEqual([])
  })

  test('that is refused: the reason in JSON is acknowledged, and told', async () => {
    const json = base64('{"status":"401","schemes":"bearer","scope":"https://outlook.office.com/"}')
    const { login, heard } = wireTo([`334 ${json}`, '535 5.7.3 Authentication unsuccessful'])
    const failure = await login(token(), ['XOAUTH2'])
    expect(heard[1]).toBe('')
    expect(failure).toMatchObject({ reply: { code: 535, status: '5.7.3' } })
    expect(failure!.why).toContain('status 401')
  })

  test('goes by OAUTHBEARER where only that is offered (RFC 7628), whose error is acknowledged by %x01', async () => {
    const { login, heard } = wireTo([`334 ${base64('{"status":"invalid_token"}')}`, '535 5.7.8 no'])
    await login(token(), ['OAUTHBEARER'])
    expect(Buffer.from(heard[0]!.split(' ')[2]!, 'base64').toString()).toBe(
      'n,a=printer@corp.example,\x01host=smtp.isp.example\x01port=587\x01auth=Bearer tok\x01\x01',
    )
    expect(heard[1]).toBe(base64('\x01'))
  })

  test('is good and bad at once: a 235 after the error is not believed', async () => {
    const { login } = wireTo([`334 ${base64('{"status":"401"}')}`, '235 2.7.0 ok'])
    expect((await login(token(), ['XOAUTH2']))?.why).toContain('both')
  })
})

describe('a host that goes on asking', () => {
  for (const mechanism of ['PLAIN', 'LOGIN', 'XOAUTH2', 'SCRAM-SHA-256']) {
    test(`${mechanism}: is told no more than the mechanism has, and the exchange is cancelled by "*"`, async () => {
      const { login, heard } = wireTo(Array(20).fill(`334 ${base64('more')}`))
      const credentials = mechanism === 'XOAUTH2' ? token() : password()
      const failure = await login(credentials, [mechanism])
      expect(failure?.reply).toBeNull()
      expect(heard.at(-1)).toBe('*')
      expect(heard.length).toBeLessThan(8)
    })
  }

  test('a challenge that is no base64 ends it', async () => {
    const { login, heard } = wireTo(['334 !!!', '501 cancelled'])
    expect((await login(token(), ['XOAUTH2']))?.why).toContain('none of its messages')
    expect(heard.at(-1)).toBe('*')
  })
})
