import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { until } from '../support/gateway.ts'
import { peers, tempFolder } from '../support/peer.ts'
import { startPostfix } from '../support/postfix.ts'
import { openClient } from './client.ts'
import { client, type LoginSite, password, startLoginSite, tap } from './login-site.ts'
import { maildir, received } from './site.ts'

const text = 'Subject: hello\r\nFrom: alice@here.test\r\nTo: bob@here.test\r\n\r\nhello\r\n'
const onStartTls = (site: LoginSite) => ['--server', `localhost:${site.ports.starttls}`, '--tls']
const swaks = (args: readonly string[], auth: readonly string[]) =>
  client('swaks', [...args, ...auth, '--from', 'alice@here.test', '--to', 'bob@here.test', '--data', text])
const as = (mechanism: string, pass = password) => [
  '--auth',
  mechanism,
  '--auth-user',
  'alice',
  '--auth-password',
  pass,
]

/** What the log says of logins, once it says it of `count`: mechanism and outcome. */
async function logins(site: LoginSite, count: number): Promise<string[]> {
  return (await until(`the log has ${count} logins`, () => {
    const found = site.log().filter(({ event }) => event === 'login.accepted' || event === 'login.refused')
    if (found.length < count) return null
    return found.map(
      ({ event, mechanism, login, tls }) => `${mechanism} ${login} ${event.slice(6)}${tls ? ' tls' : ''}`,
    )
  })) as string[]
}

// MQ-25, TU-02: each by a client that knows nothing of us.
describe('clients of others log in', () => {
  test.skipIf(!peers('swaks'))('swaks, over STARTTLS and over implicit TLS', async () => {
    const site = await startLoginSite()
    const implicit = ['--server', `localhost:${site.ports.implicit}`, '--tls-on-connect']
    for (const [to, mechanism] of [
      [onStartTls(site), 'PLAIN'],
      [onStartTls(site), 'LOGIN'],
      [onStartTls(site), 'CRAM-MD5'],
      [implicit, 'PLAIN'],
    ] as const) {
      const sent = await swaks(to, as(mechanism))
      expect(sent, sent.output).toMatchObject({ code: 0 })
    }
    const messages = await received(site.stateDir, 'bob@here.test', 4)
    for (const message of messages) expect(message).toMatch(/ with ESMTPSA id /)
    expect(await logins(site, 4)).toEqual(
      ['PLAIN', 'LOGIN', 'CRAM-MD5', 'PLAIN'].map((one) => `${one} alice accepted tls`),
    )
    const wrong = await swaks(onStartTls(site), as('PLAIN', 'a black rabbit'))
    expect(wrong.code).toBe(28)
    expect(wrong.output).toContain('535 5.7.8 the login or the password is wrong')
    const anonymous = await swaks(onStartTls(site), [])
    expect(anonymous.output).toMatch(/<~\* 530 5\.7\.0 /)
    expect(maildir(site.stateDir, 'bob@here.test')).toHaveLength(4)
  })

  test.skipIf(!peers('swaks'))('in clear text from the named network alone', async () => {
    const site = await startLoginSite()
    const lan = ['--server', `127.0.0.1:${site.ports.lan}`]
    const inside = await swaks([...lan, '--local-interface', '127.0.0.2'], as('PLAIN'))
    expect(inside, inside.output).toMatchObject({ code: 0 })
    const outside = await swaks(lan, as('PLAIN'))
    expect(outside.output).toContain('Host did not advertise authentication')
    const stubborn = await openClient(site.ports.lan)
    expect(await stubborn.say('AUTH PLAIN AGFsaWNlAHg=')).toMatch(/^538 5\.7\.11 /)
    const again = await swaks([...lan, '--tls'], as('PLAIN'))
    expect(again, again.output).toMatchObject({ code: 0 })
    expect(await logins(site, 2)).toEqual(['PLAIN alice accepted', 'PLAIN alice accepted tls'])
  })

  test.skipIf(!peers('msmtp'))('msmtp, SCRAM-SHA-256 among them', async () => {
    const site = await startLoginSite()
    const secret = join(tempFolder(), 'secret')
    writeFileSync(secret, `${password}\n`)
    const mechanisms = ['plain', 'login', 'cram-md5', 'scram-sha-256']
    for (const mechanism of mechanisms) {
      const sent = await client(
        'msmtp',
        [
          ...['--host=localhost', `--port=${site.ports.starttls}`, '--tls=on', '--tls-starttls=on'],
          ...[`--tls-trust-file=${site.ca}`, `--auth=${mechanism}`, '--user=alice', `--passwordeval=cat ${secret}`],
          ...['--from=alice@here.test', 'bob@here.test'],
        ],
        text,
      )
      expect(sent, sent.output).toMatchObject({ code: 0 })
    }
    await received(site.stateDir, 'bob@here.test', 4)
    expect(await logins(site, 4)).toEqual(mechanisms.map((one) => `${one.toUpperCase()} alice accepted tls`))
  })

  test.skipIf(!peers('gsasl'))('GNU SASL, with a proof that is bound to the TLS connection', async () => {
    const site = await startLoginSite()
    for (const [mechanism, more] of [
      ['SCRAM-SHA-256-PLUS', []],
      ['SCRAM-SHA-256', ['--no-cb']],
    ] as const) {
      const said = await client('gsasl', [
        ...['--smtp', '--connect', `localhost:${site.ports.starttls}`, `--x509-ca-file=${site.ca}`],
        ...['--mechanism', mechanism, '--authentication-id', 'alice', '--password', password, ...more],
      ])
      expect(said.output).toContain('Client authentication finished (server trusted)')
    }
    expect(await logins(site, 2)).toEqual(['SCRAM-SHA-256-PLUS alice accepted tls', 'SCRAM-SHA-256 alice accepted tls'])
  })

  test.skipIf(!peers('curl'))('curl', async () => {
    const site = await startLoginSite()
    const file = join(tempFolder(), 'message')
    writeFileSync(file, text)
    for (const mechanism of ['PLAIN', 'LOGIN', 'CRAM-MD5']) {
      const sent = await client('curl', [
        ...['-sS', '--ssl-reqd', '--cacert', site.ca, '--url', `smtp://localhost:${site.ports.starttls}`],
        ...['--user', `alice:${password}`, '--login-options', `AUTH=${mechanism}`],
        ...['--mail-from', 'alice@here.test', '--mail-rcpt', 'bob@here.test', '--upload-file', file],
      ])
      expect(sent, sent.output).toMatchObject({ code: 0 })
    }
    await received(site.stateDir, 'bob@here.test', 3)
    expect(await logins(site, 3)).toEqual(['PLAIN', 'LOGIN', 'CRAM-MD5'].map((one) => `${one} alice accepted tls`))
  })

  test.skipIf(!peers('python3'))('smtplib of Python', async () => {
    const site = await startLoginSite()
    const script = `
import smtplib, ssl, sys
ca, starttls, implicit, password = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
context = ssl.create_default_context(cafile=ca)
for mechanism in ('PLAIN', 'LOGIN', 'CRAM-MD5'):
    for port in (starttls, implicit) if mechanism == 'PLAIN' else (starttls,):
        if port == starttls:
            one = smtplib.SMTP('localhost', port); one.starttls(context=context)
        else:
            one = smtplib.SMTP_SSL('localhost', port, context=context)
        one.ehlo(); one.user, one.password = 'alice', password
        code, _ = one.auth(mechanism, getattr(one, 'auth_' + mechanism.lower().replace('-', '_')))
        assert code == 235, code
        one.sendmail('alice@here.test', ['bob@here.test'], 'Subject: hello\\r\\n\\r\\nhello\\r\\n')
        one.quit()
one = smtplib.SMTP('localhost', starttls); one.starttls(context=context)
try:
    one.login('alice', 'a black rabbit')
    sys.exit('let in')
except smtplib.SMTPAuthenticationError as error:
    assert error.smtp_code == 535, error
`
    const args = [site.ca, String(site.ports.starttls), String(site.ports.implicit), password]
    const ran = await client('/usr/bin/python3', ['-c', script, ...args])
    expect(ran, ran.output).toMatchObject({ code: 0 })
    await received(site.stateDir, 'bob@here.test', 4)
  })

  test.skipIf(!peers('postfix', 'swaks'))(
    'an unchanged Postfix that relays through us',
    async () => {
      const site = await startLoginSite()
      // Side by side: a Postfix takes its time to start and to look at its queue.
      const relay = async (mechanism: string) => {
        const map = join(tempFolder(), 'passwords')
        writeFileSync(map, `[localhost]:${site.ports.starttls} alice:${password}\n`)
        const postfix = await startPostfix({
          main: [
            'mynetworks = 127.0.0.0/8',
            'smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination',
            'inet_protocols = ipv4',
            `relayhost = [localhost]:${site.ports.starttls}`,
            'smtp_host_lookup = native',
            'smtp_sasl_auth_enable = yes',
            `smtp_sasl_password_maps = texthash:${map}`,
            'smtp_sasl_security_options = noanonymous',
            `smtp_sasl_mechanism_filter = ${mechanism}`,
            'smtp_tls_security_level = verify',
            `smtp_tls_CAfile = ${site.ca}`,
            'smtp_tls_verify_cert_match = hostname',
          ],
        })
        const sent = await swaks(['--server', `127.0.0.1:${postfix.port}`], [])
        expect(sent, sent.output).toMatchObject({ code: 0 })
        await until(`postfix has delivered by ${mechanism}`, () => {
          const log = postfix.log()
          if (/status=(deferred|bounced)/.test(log)) throw new Error(log)
          return /status=sent/.test(log)
        })
      }
      const mechanisms = ['plain', 'login', 'cram-md5', 'scram-sha-256']
      await Promise.all(mechanisms.map(relay))
      const used = (await logins(site, 4)).map((one) => one.split(' ')[0]!.toLowerCase())
      expect(used.sort()).toEqual(mechanisms.sort())
      await received(site.stateDir, 'bob@here.test', 4)
    },
    60_000,
  )
})

// Issue 4, "done when" 5.
describe('no password is read by who looks on', () => {
  /** All forms in which somebody could find it. */
  const forms = [
    password,
    ...[0, 1, 2].map((shift) =>
      Buffer.from(`${'x'.repeat(shift)}${password}`)
        .toString('base64')
        .slice(4, -4),
    ),
  ]

  test.skipIf(!peers('swaks'))('on the wire under TLS, whatever the mechanism', async () => {
    const site = await startLoginSite()
    for (const [port, how] of [
      [site.ports.starttls, '--tls'],
      [site.ports.implicit, '--tls-on-connect'],
    ] as const) {
      const wire = await tap(port)
      for (const mechanism of ['PLAIN', 'LOGIN']) {
        const sent = await swaks(['--server', `127.0.0.1:${wire.port}`, how], as(mechanism))
        expect(sent, sent.output).toMatchObject({ code: 0 })
      }
      const captured = wire.captured().toString('latin1')
      expect(captured.length).toBeGreaterThan(1000)
      for (const form of forms) expect(captured).not.toContain(form)
      expect(captured).not.toContain('AUTH PLAIN')
    }
  })

  test.skipIf(!peers('msmtp', 'swaks'))('on a line in clear text, where the mechanism does not say it', async () => {
    const site = await startLoginSite()
    const wire = await tap(site.ports.lan, '127.0.0.2')
    const secret = join(tempFolder(), 'secret')
    writeFileSync(secret, `${password}\n`)
    for (const mechanism of ['scram-sha-256', 'cram-md5']) {
      const sent = await client(
        'msmtp',
        [
          ...['--host=127.0.0.1', `--port=${wire.port}`, '--tls=off', `--auth=${mechanism}`, '--user=alice'],
          ...[`--passwordeval=cat ${secret}`, '--from=alice@here.test', 'bob@here.test'],
        ],
        text,
      )
      expect(sent, sent.output).toMatchObject({ code: 0 })
    }
    const captured = wire.captured().toString('latin1')
    expect(captured).toContain('235 2.7.0 logged in')
    for (const form of forms) expect(captured).not.toContain(form)
    // The same capture does find a password that is there to be found.
    await swaks(['--server', `127.0.0.1:${wire.port}`], as('PLAIN'))
    const after = wire.captured().toString('latin1')
    expect(forms.some((form) => after.includes(form))).toBe(true)
  })

  test.skipIf(!peers('swaks'))('in the log at its most talkative, right or wrong', async () => {
    const site = await startLoginSite()
    await swaks(onStartTls(site), as('PLAIN'))
    for (const mechanism of ['PLAIN', 'LOGIN', 'CRAM-MD5']) {
      await swaks(onStartTls(site), as(mechanism, `${password}, and early`))
    }
    await logins(site, 4)
    const log = JSON.stringify(site.log())
    expect(log).toContain('login.refused')
    for (const form of forms) expect(log).not.toContain(form)
  })
})

test.skipIf(!peers('swaks'))(
  'a changed user file holds for the next login, and a broken one is 454 and told once',
  async () => {
    const site = await startLoginSite()
    expect(await swaks(onStartTls(site), as('PLAIN'))).toMatchObject({ code: 0 })
    writeFileSync(site.users, 'alice:a white rabbit\n')
    for (let n = 0; n < 2; n++) {
      const put = await swaks(onStartTls(site), as('PLAIN'))
      expect(put.output).toContain('454 4.7.0 logins cannot be checked now, try again later')
    }
    // Whatever was to be told is told before this.
    await until('both logins are over', () => site.log().filter(({ event }) => event === 'login.error').length === 2)
    const told = site.log().filter(({ event }) => event === 'credentials.failing')
    expect(told.map(({ why }) => why)).toEqual(['the user file holds nobody'])
    expect(JSON.stringify(site.log())).not.toContain('white rabbit')
    expect(site.log()).toContainEqual(expect.objectContaining({ event: 'login.file-line', line: 1 }))
  },
)
