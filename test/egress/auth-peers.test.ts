import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { IpAddress } from '../../src/mail/ip.ts'
import type { PasswordMechanism } from '../../src/mail/relay-login.ts'
import { password, startLoginSite } from '../end-to-end/login-site.ts'
import { startDovecotSasl } from '../support/dovecot-sasl.ts'
import { peers } from '../support/peer.ts'
import { startPostfix } from '../support/postfix.ts'
import { certificate } from './certificates.ts'
import { client } from './client.ts'
import { message } from './lane.ts'

const hasPeers = peers('postfix', 'dovecot', 'openssl') && spawnSync('id', ['-u']).stdout.toString().trim() === '0'

describe.skipIf(!hasPeers)('Postfix with the logins of Dovecot', () => {
  test('SCRAM-SHA-256 and -SHA-1, PLAIN and LOGIN over TLS from the first octet, a name with "," and "=" too; a wrong password waits', async () => {
    const users = { 'a,b=c': 'p\u00e4ssw\u00f6rd =,', gw: 'geheim' }
    const socket = await startDovecotSasl(users, 'plain login scram-sha-1 scram-sha-256')
    const cert = certificate('mx1.test')
    chmodSync(cert.files.cert.replace(/\/[^/]*$/, ''), 0o755)
    const postfix = await startPostfix({
      tls: cert.files,
      main: [
        'smtpd_tls_wrappermode = yes',
        'smtpd_sasl_auth_enable = yes',
        'smtpd_sasl_type = dovecot',
        `smtpd_sasl_path = unix:${socket}`,
        'smtpd_client_restrictions = permit_sasl_authenticated, reject',
      ],
    })
    const relayed = (user: string, mechanism: PasswordMechanism, pass = users[user as 'gw']) =>
      client({
        ports: [postfix.port],
        relay: {
          tls: 'verify',
          implicitTls: true,
          auth: { user, pass: { $secret: 'env:P' }, mechanisms: [mechanism] },
        },
        settings: { ca: cert.pem },
        options: { secrets: async () => pass },
      })
    for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN', 'LOGIN'] as const) {
      for (const user of ['gw', 'a,b=c']) {
        const { send, log, lane } = relayed(user, mechanism)
        const [attempt] = await send(message({ to: ['bob@example.test'], id: `${mechanism}-${user}` }))
        expect(attempt?.reply?.code, `${mechanism} as ${user}: ${lane.downs[0]?.why}`).toBe(250)
        expect(JSON.stringify(log)).not.toContain('geheim')
      }
    }
    await expect.poll(() => postfix.messages().length, { timeout: 10_000 }).toBe(8)
    for (const mechanism of ['SCRAM-SHA-256', 'PLAIN'] as const) {
      const { send, lane } = relayed('gw', mechanism, 'wrong')
      await send(message({ to: ['bob@example.test'] }))
      expect(lane.settled).toEqual([])
      expect(lane.downs[0]?.reply?.code).toBe(535)
    }
  }, 60_000)
})

describe.skipIf(!peers('openssl'))('a mailgw as the smart host', () => {
  test('takes a login that is bound to the TLS connection, by STARTTLS and from the first octet (SCRAM-SHA-256-PLUS)', async () => {
    const site = await startLoginSite()
    const ca = readFileSync(site.ca, 'utf8')
    for (const implicitTls of [false, true]) {
      const port = implicitTls ? site.ports.implicit : site.ports.starttls
      const hosts = [{ name: 'localhost', address: '127.0.0.1' as IpAddress, port }]
      const { send, lane } = client({
        ports: [port],
        relay: {
          tls: 'verify',
          auth: { user: 'alice', pass: { $secret: 'env:P' } },
          ...(implicitTls ? { implicitTls } : {}),
        },
        settings: { ca },
        options: { secrets: async () => password, hosts: async () => ({ kind: 'hosts', hosts }) },
      })
      const [attempt] = await send(message({ from: 'alice@here.test', to: ['bob@here.test'] }))
      expect(attempt?.reply?.code, lane.downs[0]?.why).toBe(250)
    }
    const logins = () => site.log().filter(({ event }) => event === 'login.accepted')
    await expect
      .poll(() => logins().map(({ mechanism }) => mechanism))
      .toEqual(['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256-PLUS'])
  }, 30_000)
})
