import { spawnSync } from 'node:child_process'
import { describe, expect, onTestFailed, test } from 'vitest'
import { folderName } from '../../src/mailbox/folder-name.ts'
import { authority } from '../support/certificates.ts'
import { type Running, startGateway, until } from '../support/gateway.ts'
import { freePort, peers, tempFolder } from '../support/peer.ts'
import { startPostfix } from '../support/postfix.ts'
import { openClient, queuedId } from './client.ts'
import { received, site } from './site.ts'

/** A certificate for this machine, and the authority that vouches for it. */
function certificates() {
  const folder = tempFolder()
  spawnSync('chmod', ['755', folder])
  const ca = authority(folder, 'ca')
  const { cert, key } = ca.sign('mx', '/CN=localhost', '2', ['localhost'])
  return { ca: ca.cert, cert, key }
}

/** A gateway with TLS, whose route to `example.test` is the peer. */
async function gatewayBeside(peer: number, port: number, files: ReturnType<typeof certificates>): Promise<Running> {
  return await startGateway(
    site({
      port,
      listeners: {
        inside: {
          kind: 'internal',
          bind: `127.0.0.1:${port}`,
          maxSize: '50MiB',
          tls: { mode: 'offered', certificates: ['own'] },
        },
      },
      certificates: { own: { cert: files.cert, key: files.key } },
      relays: { peer: { hosts: `localhost:${peer}`, tls: 'verify' } },
      timeouts: { idle: '1s' },
      localMx: { 'example.test': { relay: 'peer' }, 'xn--fsqu00a.test': { relay: 'peer' } },
    }),
    { env: { NODE_EXTRA_CA_CERTS: files.ca } },
  )
}

const eightBit = [
  'From: <anna@here.test>',
  'To: <jürgen@example.test>',
  'Subject: Grüße',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: 8bit',
  '',
  'schöne Grüße',
  '',
].join('\r\n')

/** Lines that begin with dots are doubled on the way, and so go by DATA. */
const dotted = `${eightBit}.one dot\r\n..two dots\r\n`

const octets = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** The parts of a report that a program reads. */
const field = (report: string, name: string): string | undefined =>
  new RegExp(`^${name}: *(.*)$`, 'im').exec(report.replaceAll('\r', ''))?.[1]

describe.skipIf(!peers('postfix', 'openssl'))('with a real Postfix, both ways', { timeout: 60_000 }, () => {
  // part (d) D1: 3207, 3030, 3461, 6152, 6531
  // D2 CHUNKING, D2 8BITMIME, D2 SMTPUTF8, D2 DSN
  test('to it go STARTTLS, CHUNKING, 8BITMIME, SMTPUTF8 and what a sender wants to hear; from it comes the notification', async () => {
    const files = certificates()
    const port = await freePort()
    const postfix = await startPostfix({
      tls: files,
      // What it has to say goes back by the gateway, over TLS that it verifies.
      main: [
        'myhostname = localhost',
        `relayhost = [localhost]:${port}`,
        'smtp_host_lookup = native',
        'smtp_tls_security_level = verify',
        'smtp_tls_verify_cert_match = hostname',
        `smtp_tls_CAfile = ${files.ca}`,
        'smtp_tls_loglevel = 1',
        'smtpd_tls_received_header = yes',
      ],
    })
    onTestFailed(() => console.error(postfix.log()))
    const gateway = await gatewayBeside(postfix.port, port, files)
    const client = await openClient(port)
    await client.say('MAIL FROM:<anna@here.test> BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=abc+2B1')
    const orcpt = 'ORCPT=rfc822;juergen+2Bold@example.test'
    expect(await client.say(octets(`RCPT TO:<jürgen@example.test> NOTIFY=SUCCESS,FAILURE `) + orcpt)).toMatch(/^250/)
    expect(await client.say('DATA')).toMatch(/^354/)
    const id = queuedId(await client.say(`${octets(eightBit)}.`))

    const [message] = (await until('Postfix has it', () =>
      postfix.messages().length > 0 ? postfix.messages() : null,
    ))!
    // Octet for octet, and by which way it came: UTF8SMTPS is SMTPUTF8 over TLS (RFC 6531 §4.3).
    expect(message!.slice(message!.indexOf('From: <anna'))).toBe(octets(eightBit).replaceAll('\r\n', '\n'))
    expect(message).toMatch(/using TLSv1\.3 with cipher[\s\S]*by localhost \(Postfix\) with UTF8SMTPS id/)
    const line = await until(
      'the session has ended',
      () => /disconnect from .* bdat=\d.*/.exec(postfix.log())?.[0],
      30_000,
    )
    expect(line).toMatch(/ehlo=2 starttls=1 mail=1 rcpt=1 bdat=1 quit=1/)

    // It keeps what the sender asked for: a report of success, for this envelope, of the header alone.
    const [report] = await received(gateway.stateDir, 'anna@here.test')
    expect(report).toMatch(/^Return-Path: <>/m)
    expect(field(report!, 'Original-Envelope-Id')).toBe('abc+1')
    expect(field(report!, 'Action')).toBe('delivered')
    expect(field(report!, 'Original-Recipient')).toMatch(/^rfc822; ?juergen\+old@example\.test$/)
    expect(report).not.toContain('schöne')
    expect(gateway.log().filter(({ event, id: one }) => event === 'delivery.delivered' && one === id)).toHaveLength(1)
    expect(postfix.log()).toMatch(/Verified TLS connection established to localhost\[[^\]]*\]:\d+: TLSv1\.3/)
  })

  test('from it comes mail with 8BITMIME, SMTPUTF8 and DSN over TLS, and a recipient that is refused goes back as a report', async () => {
    const files = certificates()
    const port = await freePort()
    const postfix = await startPostfix({
      tls: files,
      main: [
        'mynetworks = 127.0.0.0/8',
        `relayhost = [localhost]:${port}`,
        'smtp_host_lookup = native',
        'smtp_tls_security_level = encrypt',
        'smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination',
      ],
    })
    onTestFailed(() => console.error(postfix.log()))
    const gateway = await gatewayBeside(postfix.port, port, files)
    // To Postfix as a user of it would.
    const client = await openClient(postfix.port)
    await client.say('MAIL FROM:<bob@example.test> BODY=8BITMIME SMTPUTF8 ENVID=e1')
    expect(await client.say(octets('RCPT TO:<zoë@here.test> NOTIFY=SUCCESS'))).toMatch(/^250/)
    expect(await client.say('RCPT TO:<nobody@elsewhere.test> NOTIFY=FAILURE')).toMatch(/^250/)
    expect(await client.say('DATA')).toMatch(/^354/)
    expect(await client.say(`${octets(dotted).replaceAll('\r\n.', '\r\n..')}.`)).toMatch(/^250/)

    const [message] = await received(gateway.stateDir, `${folderName('zoë')}@here.test`)
    expect(message).toMatch(/by gateway\.test with UTF8SMTPS id/)
    expect(message!.slice(message!.indexOf('From: <anna'))).toBe(octets(dotted).replaceAll('\r\n', '\n'))
    // Two reports, both to Postfix's own user: our word that it is delivered, Postfix's that the other was refused by us.
    const reports = await until(
      'both reports are there',
      () => (postfix.messages().length >= 2 ? postfix.messages() : null),
      30_000,
    )
    const actions = reports!.map((report) => [field(report, 'Action'), field(report, 'Reporting-MTA')])
    expect(actions).toEqual(
      expect.arrayContaining([
        ['delivered', expect.stringContaining('gateway.test')],
        ['failed', expect.stringContaining('px.example.test')],
      ]),
    )
    const failed = reports!.find((report) => field(report, 'Action') === 'failed')!
    expect(failed).toMatch(/said: 550[- ]5\.4\.4/)
    expect(field(failed, 'Diagnostic-Code')).toContain('smtp; 550 5.4.4')
    const delivered = reports!.find((report) => field(report, 'Action') === 'delivered')!
    expect(field(delivered, 'Original-Envelope-Id')).toBe('e1')
  })
})
