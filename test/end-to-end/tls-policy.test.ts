import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { say, startTls } from '../ingress/tls/tls-house.ts'
import { authority, type Certificate } from '../support/certificates.ts'
import { mailgw, startGateway, until } from '../support/gateway.ts'
import { freePort, peers, tempFolder } from '../support/peer.ts'
import { startPolicyServer } from '../support/policy-server.ts'
import { startPostfix } from '../support/postfix.ts'
import { signedDnsPeers, startSignedDns } from '../support/signed-dns.ts'
import { startSink } from '../support/sink.ts'
import { openClient, sendMessage } from './client.ts'
import { received, site } from './site.ts'

const ready = peers('openssl', 'postfix', 'cc', ...signedDnsPeers)

/** The data of `3 1 1`. */
function keyHash({ cert }: Certificate): string {
  const key = new X509Certificate(readFileSync(cert)).publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(key).digest('hex')
}

// D4 DANE, D4 MTA-STS, (c) 10: what the owners of other hosts have published binds a running gateway, and is seen.
test.skipIf(!ready)(
  'mail reaches a Postfix over DANE and over MTA-STS, waits where either does not hold, and the log and the status say why',
  async () => {
    const folder = tempFolder()
    const ca = authority(folder, 'lab')
    const stranger = authority(folder, 'stranger')
    const dane = stranger.sign('dane', '/CN=mx', '2', ['nobody.test'])
    const web = ca.sign('web', '/CN=web', '2', ['mta-sts.sts.test', 'mta-sts.mx.smart.test'])
    const pkix = ca.sign('pkix', '/CN=mx', '2', ['mx.sts.test'])
    const [byDane, byPkix] = [
      await startPostfix({ tls: dane, main: ['virtual_mailbox_domains = dane.test'] }),
      await startPostfix({ tls: pkix, main: ['virtual_mailbox_domains = pkix.test'] }),
    ]
    const clear = await startSink()
    const policies = await startPolicyServer(web, (host) => ({
      kind: 'policy',
      lines: [
        'version: STSv1',
        'mode: enforce',
        `mx: ${host.replace('mta-sts.', host.includes('smart') ? '' : 'mx.')}`,
        'max_age: 86400',
      ],
    }))
    const mx = (port: number) => `@ IN MX 10 mx\nmx IN A 127.0.0.1\n_${port}._tcp.mx IN TLSA 3 1 1`
    const dns = await startSignedDns({
      'dane.test': { records: `${mx(byDane.port)} ${keyHash(dane)}` },
      'wrong.test': { records: `${mx(byDane.port)} ${'ab'.repeat(32)}` },
      'sts.test': {
        unsigned: true,
        records: '@ IN MX 10 mx\nmx IN A 127.0.0.1\nmta-sts IN A 127.0.0.1\n_mta-sts IN TXT "v=STSv1; id=1;"',
      },
      'smart.test': {
        unsigned: true,
        records: 'mx IN A 127.0.0.1\nmta-sts.mx IN A 127.0.0.1\n_mta-sts.mx IN TXT "v=STSv1; id=1;"',
      },
    })
    const port = await freePort()
    const gateway = await startGateway(
      site({
        port,
        resolver: { servers: [dns.server], timeout: '2s' },
        mxPort: byDane.port,
        tlsPolicy: { mtaSts: { port: policies.port }, ca: ca.cert },
        relays: {
          sts: { hosts: [`mx.sts.test:${byPkix.port}`], tls: 'verify' },
          smart: { hosts: [`mx.smart.test:${clear.port}`] },
        },
        localMx: { 'smart.test': 'relay:smart', 'pkix.test': 'relay:sts', '*': 'mx' },
        retry: { schedule: ['1h'], expireAfter: '2d' },
      }),
    )
    const client = await openClient(port)
    const send = (domain: string) => sendMessage(client, 'a@src.test', `b@${domain}`)
    const outcome = async (id: string) =>
      await Promise.race([
        gateway.logged('delivery.delivered', (line) => line['id'] === id),
        gateway.logged('delivery.deferred', (line) => line['id'] === id),
        gateway.logged('delivery.failed', (line) => line['id'] === id),
      ])
    expect(await outcome(await send('dane.test'))).toMatchObject({
      policy: 'dane',
      tls: expect.stringMatching(/^TLSv1/),
    })
    expect(await outcome(await send('pkix.test'))).toMatchObject({
      policy: 'route',
      tls: expect.stringMatching(/^TLSv1/),
    })

    await send('wrong.test')
    const mismatch = await gateway.logged('next-hop.down', ({ nextHop }) => String(nextHop).includes('wrong.test'))
    expect(mismatch['why']).toContain('matches none of the TLSA records')
    // Its certificate is for another name: the policy holds though DANE does not.
    await send('sts.test')
    const untrusted = await gateway.logged('next-hop.down', ({ nextHop }) => String(nextHop).includes('sts.test'))
    expect(untrusted['why']).toMatch(/4\.7\.5|verify by mta-sts/)
    await send('smart.test')
    const stripped = await gateway.logged('next-hop.down', ({ nextHop }) => String(nextHop).includes('smart'))
    expect(stripped['why']).toMatch(/verify by mta-sts.*does not offer STARTTLS/)
    expect((await clear.counts()).unique).toBe(0)

    const { tlsPolicies, tlsSessions } = await gateway.status()
    expect(tlsPolicies.map(({ domain, mode }) => `${domain} ${mode}`).sort()).toEqual([
      'mx.smart.test enforce',
      'sts.test enforce',
    ])
    expect(tlsSessions).toMatchObject({ tlsa: { ok: 1, failed: 1 }, sts: { ok: 0, failed: 2 } })
    const text = await mailgw(['status', '--state-dir', gateway.stateDir])
    expect(text.out).toMatch(/MTA-STS policy +mode[\s\S]*sts\.test +enforce +mx\.sts\.test/)
  },
  60_000,
)

test.skipIf(!ready)('an apply with a file of authorities that is none changes nothing', async () => {
  const port = await freePort()
  const document = site({ port, localMx: { '*': 'hold' } })
  const gateway = await startGateway(document)
  const { graph } = await gateway.status()
  const refused = await gateway.apply({ ...document, tlsPolicy: { ca: '/nowhere/ca.pem' } })
  expect(refused.code).toBe(1)
  expect(refused.out + refused.err).toContain('tlsPolicy.ca: /nowhere/ca.pem cannot be read: ENOENT')
  expect((await gateway.status()).graph).toBe(graph)
})

// D2 REQUIRETLS: from the client's MAIL to the next hop's, or to a notification that tells no more than it must.
test.skipIf(!ready)(
  'mail with REQUIRETLS goes to a host that promises it, and where one does not, its sender hears 5.7.30 and nothing of the content',
  async () => {
    const folder = tempFolder()
    const ca = authority(folder, 'lab')
    const cert = (name: string) => ca.sign(name, `/CN=${name}`, '2', [`${name}.hosts.test`])
    const [ours, theirs, host] = [cert('ours'), cert('theirs'), cert('postfix')]
    const postfix = await startPostfix({ tls: host })
    const names = ['theirs', 'postfix'].map((name) => `${name} IN A 127.0.0.1\n`).join('')
    const dns = await startSignedDns({ 'hosts.test': { unsigned: true, records: names } })
    const [port, peerPort] = [await freePort(), await freePort()]
    const listener = (at: number) => ({ inside: { kind: 'internal', bind: `127.0.0.1:${at}`, tls: 'offered' } })
    const peer = await startGateway(
      site({
        port: peerPort,
        localMx: { 'peer.test': 'deliver' },
        domains: { 'peer.test': 'local' },
        listeners: listener(peerPort),
        certificates: { main: theirs },
      }),
    )
    const gateway = await startGateway(
      site({
        port,
        listeners: listener(port),
        certificates: { main: ours },
        resolver: { servers: [dns.server], timeout: '2s' },
        tlsPolicy: { ca: ca.cert },
        relays: {
          peer: { hosts: [`theirs.hosts.test:${peerPort}`] },
          other: { hosts: [`postfix.hosts.test:${postfix.port}`] },
        },
        localMx: { 'peer.test': 'relay:peer', 'example.test': 'relay:other' },
      }),
    )
    const clear = await openClient(port)
    expect(await clear.say('MAIL FROM:<ann@here.test> REQUIRETLS')).toMatch(/^555/)

    const wire = await startTls(port)
    expect(await say(wire, 'EHLO client.test\r\n', /^250 /m)).toContain('REQUIRETLS')
    const content = 'Message-ID: <m1@here.test>\r\nSubject: top secret\r\n\r\nmore of it\r\n.\r\n'
    for (const to of ['bob@peer.test', 'bob@example.test']) {
      await say(wire, `MAIL FROM:<ann@here.test> REQUIRETLS\r\nRCPT TO:<${to}>\r\nDATA\r\n`, /354/)
      await say(wire, content, /queued as/)
    }
    wire.destroy()

    const [arrived] = await received(peer.stateDir, 'bob@peer.test')
    expect(arrived).toContain('top secret')
    const taken = await gateway.logged('delivery.delivered')
    expect(taken).toMatchObject({ to: 'bob@peer.test', policy: 'requiretls', tls: expect.stringMatching(/^TLSv1/) })

    const [bounce] = await received(gateway.stateDir, 'ann@here.test')
    expect(bounce).toMatch(/^Final-Recipient: rfc822; ?bob@example\.test$/m)
    expect(bounce).toMatch(/^Status: 5\.7\.30$/m)
    expect(bounce).toContain('Message-ID: <m1@here.test>')
    expect(bounce).not.toMatch(/top secret|more of it/)
    expect(postfix.messages()).toEqual([])

    // A notification goes also where nobody promises anything, rather than nowhere, and tells no more for it.
    const again = await startTls(port)
    await say(again, 'EHLO client.test\r\n', /^250 /m)
    await say(again, 'MAIL FROM:<ann@example.test> REQUIRETLS\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n', /354/)
    await say(again, content, /queued as/)
    again.destroy()
    const [notice] = await until('the notification has come', () => {
      const all = postfix.messages()
      return all.length > 0 ? all : null
    }).then((all) => all!)
    expect(notice).toMatch(/^Status: 5\.7\.30$/m)
    expect(notice).not.toMatch(/top secret|more of it/)

    // The same content without it goes.
    const usual = await startTls(port)
    await say(usual, 'EHLO client.test\r\n', /^250 /m)
    await say(usual, 'MAIL FROM:<ann@here.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n', /354/)
    await say(usual, content, /queued as/)
    usual.destroy()
    await until('Postfix has it', () => postfix.messages().length === 2)
    await until('nothing is queued', async () => (await gateway.queue()).length === 0)
  },
  60_000,
)
