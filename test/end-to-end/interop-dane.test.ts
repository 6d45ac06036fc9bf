import { createHash, X509Certificate } from 'node:crypto'
import { chmodSync, readFileSync } from 'node:fs'
import { describe, expect, onTestFailed, test } from 'vitest'
import { authority, type Certificate } from '../support/certificates.ts'
import { hasExim, startExim } from '../support/exim.ts'
import { type Running, startGateway, until } from '../support/gateway.ts'
import { canGiveNameServer } from '../support/name-server.ts'
import { freePort, peers, tempFolder } from '../support/peer.ts'
import { startPostfix } from '../support/postfix.ts'
import { signedDnsPeers, startSignedDns } from '../support/signed-dns.ts'
import { openClient, sendMessage } from './client.ts'
import { received, site } from './site.ts'

const ready = peers('openssl', 'postfix', ...signedDnsPeers) && canGiveNameServer()

/** The data of `3 1 1`. */
function keyHash({ cert }: Certificate): string {
  const key = new X509Certificate(readFileSync(cert)).publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(key).digest('hex')
}

/** Certificates that no authority vouches for, so that nothing but TLSA records can make them good. */
function certificates(...names: string[]): Certificate[] {
  const folder = tempFolder()
  chmodSync(folder, 0o755)
  const stranger = authority(folder, 'stranger')
  return names.map((name) => stranger.sign(name, `/CN=${name}`, '2', [`${name}.test`]))
}

/** A domain below the zone: its MX host is this machine, and at `port` it has the key of `certificate`, or another. */
const records = (domain: string, port: number, hash: string): string =>
  `${domain} IN MX 10 mx.${domain}\nmx.${domain} IN A 127.0.0.1\n_${port}._tcp.mx.${domain} IN TLSA 3 1 1 ${hash}\n`

const wrongHash = 'ab'.repeat(32)

/** The zone `dane.test`: what is for the gateway and what is for the peer, each with the right and with a wrong key. */
function zone(gateway: number, ours: Certificate, peer: number, theirs: Certificate) {
  const text = [
    records('in', gateway, keyHash(ours)),
    records('wrong-in', gateway, wrongHash),
    records('out', peer, keyHash(theirs)),
    records('wrong-out', peer, wrongHash),
  ].join('')
  return { 'dane.test': { records: text } }
}

/** A gateway that takes mail for `*in.dane.test`, and sends all other by MX at the peer's port. */
async function gatewayAt(port: number, own: Certificate, server: string, peer: number): Promise<Running> {
  return await startGateway(
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
      resolver: { servers: [server], timeout: '2s' },
      mxPort: peer,
      domains: { 'in.dane.test': 'local', 'wrong-in.dane.test': 'local' },
      localMx: { 'in.dane.test': 'deliver', 'wrong-in.dane.test': 'deliver', '*': 'mx' },
      retry: { schedule: ['1h'], expireAfter: '2d' },
    }),
  )
}

/** To the peer by the gateway: the right key brings it there by DANE, the wrong one keeps it here. */
async function sendBoth(gateway: Running, port: number): Promise<void> {
  const client = await openClient(port)
  const good = await sendMessage(client, 'a@src.test', 'b@out.dane.test')
  expect(await gateway.logged('delivery.delivered', ({ id }) => id === good)).toMatchObject({
    policy: 'dane',
    tls: expect.stringMatching(/^TLSv1\.3/),
  })
  await sendMessage(client, 'a@src.test', 'b@wrong-out.dane.test')
  const down = await gateway.logged('next-hop.down', ({ nextHop }) => String(nextHop).includes('wrong-out'))
  expect(down['why']).toContain('matches none of the TLSA records')
}

/** To the gateway by the peer. */
async function handBoth(peer: number): Promise<void> {
  const client = await openClient(peer)
  for (const to of ['in', 'wrong-in']) {
    await client.replies(3, 'MAIL FROM:<a@src.test>', `RCPT TO:<b@${to}.dane.test>`, 'DATA')
    expect(await client.say('Subject: test\r\n\r\nhello\r\n.')).toMatch(/^250/)
  }
}

/** What came to the gateway, and how; beside the two that it sent itself nothing, as one key is a wrong one. */
async function checkArrived(gateway: Running): Promise<void> {
  const [message] = await received(gateway.stateDir, 'b@in.dane.test')
  expect(message).toMatch(/by gateway\.test with ESMTPS id/)
  const taken = await until('all are in the log', () => {
    const lines = gateway.log().filter(({ event }) => event === 'message.accepted')
    return lines.length >= 3 ? lines : null
  })
  expect(taken).toHaveLength(3)
}

// D4 DANE, D1 7672: with peers that judge by themselves, over zones that are really signed.
describe.skipIf(!ready)('DANE with real peers, both ways', { timeout: 60_000 }, () => {
  test('to a Postfix and from it mail goes by the key that the signed zone names, and with another key it waits', async () => {
    const [ours, theirs] = certificates('ours', 'theirs') as [Certificate, Certificate]
    const [port, peer] = [await freePort(), await freePort()]
    const dns = await startSignedDns(zone(port, ours, peer, theirs), { at53: true })
    const postfix = await startPostfix({
      port: peer,
      tls: theirs,
      nameServer: dns.address,
      main: [
        'mynetworks = 127.0.0.0/8',
        'smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination',
        'virtual_mailbox_domains = out.dane.test wrong-out.dane.test',
        `transport_maps = inline:{ in.dane.test=smtp:in.dane.test:${port}, wrong-in.dane.test=smtp:wrong-in.dane.test:${port} }`,
        'smtp_tls_security_level = dane',
        'smtp_dns_support_level = dnssec',
        'smtp_tls_loglevel = 1',
      ],
    })
    onTestFailed(() => console.error(postfix.log()))
    const gateway = await gatewayAt(port, ours, dns.server, peer)
    await sendBoth(gateway, port)
    expect(postfix.messages()).toHaveLength(1)

    await handBoth(peer)
    await until('Postfix has written that it went', () => /to=<b@in\.dane\.test>.*status=sent/.test(postfix.log()))
    expect(postfix.log()).toMatch(
      /Verified TLS connection established to mx\.in\.dane\.test\[127\.0\.0\.1\]:\d+: TLSv1\.3/,
    )
    await until('Postfix keeps the other', () =>
      /to=<b@wrong-in\.dane\.test>.*status=deferred \(Server certificate not verified\)/.test(postfix.log()),
    )
    await checkArrived(gateway)
  })

  test.skipIf(!hasExim())('to an Exim and from it, with DANE required, the same holds', async () => {
    const [ours, theirs] = certificates('ours', 'theirs') as [Certificate, Certificate]
    const [port, peer] = [await freePort(), await freePort()]
    const dns = await startSignedDns(zone(port, ours, peer, theirs), { at53: true })
    const exim = await startExim({
      port: peer,
      domains: ['out.dane.test', 'wrong-out.dane.test'],
      tls: theirs,
      onward: { port, nameServer: dns.address },
    })
    onTestFailed(() => console.error(exim.log()))
    const gateway = await gatewayAt(port, ours, dns.server, peer)
    await sendBoth(gateway, port)
    await until('Exim has it', () => exim.messages().length === 1)

    await handBoth(peer)
    await until('Exim has written that it went', () => /=> b@in\.dane\.test .*CV=dane/.test(exim.log()))
    await until('Exim keeps the other', () => /== b@wrong-in\.dane\.test .*defer/.test(exim.log()))
    await checkArrived(gateway)
  })
})
