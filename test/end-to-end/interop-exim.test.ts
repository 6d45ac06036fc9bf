import { chmodSync } from 'node:fs'
import { describe, expect, onTestFailed, test } from 'vitest'
import { authority } from '../support/certificates.ts'
import { hasExim, startExim } from '../support/exim.ts'
import { startGateway, until } from '../support/gateway.ts'
import { freePort, tempFolder } from '../support/peer.ts'
import { openClient } from './client.ts'
import { received, site } from './site.ts'

const content = ['From: <anna@here.test>', 'Subject: Grüße', '', 'schöne Grüße', ''].join('\r\n')
const octets = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

describe.skipIf(!hasExim())('with a real Exim, both ways', { timeout: 60_000 }, () => {
  // part (d) D1: 3030, 3207, 3461, 6152, 6531
  // D2 CHUNKING, D2 SMTPUTF8
  test('chunks go and come over verified TLS, an internationalized message arrives as it was, and its report comes back', async () => {
    const folder = tempFolder()
    chmodSync(folder, 0o755)
    const ca = authority(folder, 'ca')
    const own = ca.sign('own', '/CN=localhost', '2', ['localhost'])
    const port = await freePort()
    const exim = await startExim({ tls: own, onward: { port, ca: ca.cert } })
    onTestFailed(() => console.error(exim.log()))
    const gateway = await startGateway(
      site({
        port,
        listeners: {
          inside: {
            kind: 'internal',
            bind: `127.0.0.1:${port}`,
            tls: { mode: 'offered', certificates: ['own'] },
          },
        },
        certificates: { own },
        relays: { exim: { hosts: `localhost:${exim.port}`, tls: 'verify' } },
        localMx: { 'exim.test': { relay: 'exim' } },
      }),
      { env: { NODE_EXTRA_CA_CERTS: ca.cert } },
    )
    const client = await openClient(port)
    await client.say('MAIL FROM:<anna@here.test> BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=e1')
    expect(await client.say(octets('RCPT TO:<jürgen@exim.test> NOTIFY=SUCCESS ORCPT=rfc822;old@exim.test'))).toMatch(
      /^250/,
    )
    expect(await client.say('DATA')).toMatch(/^354/)
    expect(await client.say(`${octets(content)}.`)).toMatch(/^250/)

    const [message] = (await until('Exim has it', () => (exim.messages().length > 0 ? exim.messages() : null), 30_000))!
    expect(message!.slice(message!.indexOf('From: <anna'))).toBe(octets(content).replaceAll('\r\n', '\n'))
    expect(message).toMatch(/with utf8esmtps +\(TLS1\.3\)/)
    // `K`: by BDAT; `CV=yes`: the certificate was verified.
    expect(exim.log()).toMatch(/<= anna@here\.test .*P=utf8esmtps X=TLS1\.3:\S+ .*K/)
    const [report] = await received(gateway.stateDir, 'anna@here.test')
    expect(report).toMatch(/^Action: delivered/m)
    expect(report).toMatch(/^Original-Envelope-ID: e1/im)
    expect(report).toMatch(/^Original-Recipient: rfc822; ?old@exim\.test/m)
    expect(report).toMatch(/by gateway\.test with (?:UTF8SMTP|ESMTP)S id/)
    await until('Exim has written that it went', () => /=> anna@here\.test .*CV=yes K/.test(exim.log()))
  })
})
