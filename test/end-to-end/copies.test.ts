// Part (c) 11: rewriting of addresses, SRS with its way back, and journals, as a whole gateway does them.
import { expect, test } from 'vitest'
import { behave, ehloReply, type OddServer, oddServer, standardEhlo } from '../egress/odd-server.ts'
import { mailgw, startGateway, until } from '../support/gateway.ts'
import { freePort } from '../support/peer.ts'
import { openClient, sendMessage } from './client.ts'
import { received, site } from './site.ts'

const relayTo = (peer: OddServer, more: object = {}) => ({ hosts: `127.0.0.1:${peer.port}`, tls: 'off', ...more })
const commands = (peer: OddServer, verb: string) =>
  peer.sessions.flatMap(({ heard }) => heard.filter((line) => line.startsWith(verb)).map((line) => line.split(' ')[1]!))
const arrived = (peer: OddServer, count: number) =>
  until(`${count} messages at the next hop`, () => (peer.accepted.length >= count ? peer.accepted : null))

const mail = (...fields: string[]) => [...fields, 'Subject: x', '', 'body of ann@web.host.internal', ''].join('\r\n')

test('addresses are rewritten for clients and for routes, in the envelope and the header, and nowhere else', async () => {
  const peer = await oddServer()
  const port = await freePort()
  const gateway = await startGateway(
    site({
      port,
      clients: {
        printers: {
          networks: '127.0.0.2',
          internal: true,
          rewrite: { senders: { '*': 'scanner@here.test' }, except: ['*.lab.host.internal'] },
        },
        bare: { networks: '127.0.0.3', internal: true, rewrite: 'off' },
      },
      rewrite: { addresses: { '*.host.internal': 'here.test' }, except: ['root@web.host.internal'] },
      relays: { out: relayTo(peer, { rewrite: { recipients: { 'old.test': 'new.test' } } }) },
      localMx: { '*': 'relay:out' },
    }),
  )
  const inside = await openClient(port)
  await sendMessage(
    inside,
    'ann@web.host.internal',
    ['bob@old.test', 'eve@web.host.internal'],
    mail(
      'From: Ann <ann@web.host.internal>',
      'To: <bob@old.test>, eve@web.host.internal',
      'Cc: root@web.host.internal',
    ),
  )
  await arrived(peer, 1)
  expect(commands(peer, 'MAIL')).toEqual(['FROM:<ann@here.test>'])
  // The route, not the client, says what a recipient is called on the wire; whom it was is told by ORCPT.
  expect(peer.sessions[0]!.heard.filter((line) => line.startsWith('RCPT'))).toEqual([
    'RCPT TO:<bob@new.test> ORCPT=rfc822;bob@old.test',
    'RCPT TO:<eve@web.host.internal>',
  ])
  expect(peer.accepted[0]).toContain(
    '\r\nFrom: Ann <ann@here.test>\r\nTo: <bob@new.test>, eve@here.test\r\nCc: root@web.host.internal\r\nSubject: x\r\n\r\nbody of ann@web.host.internal\r\n',
  )
  const line = await gateway.logged('message.accepted')
  expect(line).toMatchObject({ from: 'ann@here.test', said: 'ann@web.host.internal' })

  const printer = await openClient(port, '127.0.0.2')
  await sendMessage(
    printer,
    'x@web.host.internal',
    'bob@dst.test',
    mail('From: x@web.host.internal', 'Sender: y@a.lab.host.internal'),
  )
  await sendMessage(printer, '', 'bob@dst.test', mail('From: z@web.host.internal'))
  const bare = await openClient(port, '127.0.0.3')
  await sendMessage(bare, 'x@web.host.internal', 'bob@dst.test', mail('From: x@web.host.internal'))
  await arrived(peer, 4)
  expect(commands(peer, 'MAIL').slice(1).sort()).toEqual([
    'FROM:<>',
    'FROM:<scanner@here.test>',
    'FROM:<x@web.host.internal>',
  ])
  expect(
    peer.accepted.filter((text) => text.includes('\r\nFrom: scanner@here.test\r\nSender: y@a.lab.host.internal')),
  ).toHaveLength(1)
  expect(peer.accepted.filter((text) => text.includes('\r\nFrom: scanner@here.test\r\nSubject'))).toHaveLength(1)
  expect(peer.accepted.filter((text) => text.includes('\r\nFrom: x@web.host.internal\r\n'))).toHaveLength(1)
})

test('forwarded mail has a sender that leads back, for who has it and for nobody else', async () => {
  const peer = await oddServer()
  const port = await freePort()
  await startGateway(
    site({
      port,
      trusted: ['127.0.0.2'],
      relays: { out: relayTo(peer) },
      localMx: { '*': 'relay:out' },
      domains: { 'here.test': { recipients: ['ann', 'list'] } },
      aliases: { 'list@here.test': ['far@else.test', 'ann@here.test'] },
      srs: { domain: 'here.test', secret: { $secret: 'env:SRS_SECRET' } },
    }),
    { env: { SRS_SECRET: 'not told to anybody' } },
  )
  const outside = await openClient(port)
  await sendMessage(outside, 'sender@partner.test', 'list@here.test', mail('From: sender@partner.test'))
  await sendMessage(outside, 'ann@here.test', 'list@here.test', mail('From: ann@here.test'))
  await arrived(peer, 2)
  const [srs, mine] = commands(peer, 'MAIL').sort()
  expect(mine).toBe('FROM:<ann@here.test>')
  expect(srs).toMatch(/^FROM:<SRS0=[A-Z2-7]{8}=[A-Z2-7]{2}=partner\.test=sender@here\.test>$/)
  // The header, which a signature covers, is the sender's own.
  expect(peer.accepted.join()).toContain('\r\nFrom: sender@partner.test\r\n')

  const address = srs!.slice('FROM:<'.length, -1)
  // A stranger's notification, through a host that has lost the case of the local part.
  const bounce = await openClient(port)
  await sendMessage(bounce, '', address.toLowerCase(), mail('Auto-Submitted: auto-replied'))
  await arrived(peer, 3)
  expect(commands(peer, 'RCPT').at(-1)).toBe('TO:<sender@partner.test>')
  expect(commands(peer, 'MAIL').at(-1)).toBe('FROM:<>')

  await bounce.say('MAIL FROM:<spam@evil.test>')
  const forged = ['A', 'B'].map((char) => address.replace(/=[A-Z2-7]/, `=${char}`)).find((text) => text !== address)!
  for (const made of [forged, 'SRS0=AAAAAAAA=AA=victim.test=x@here.test', 'srs0@here.test', 'SRS1=x@here.test']) {
    expect(await bounce.say(`RCPT TO:<${made}>`)).toBe('550 5.1.1 no such return address, or no longer')
  }
  expect(await bounce.say('RCPT TO:<nobody@here.test>')).toMatch(/^550 5\.1\.1/)
  expect(await bounce.say('RCPT TO:<victim@else.test>')).toMatch(/^550 5\.7\.1/)
})

test('a journal gets one copy of what matches, with everybody it went to, and keeps none to itself', async () => {
  const peer = await oddServer()
  let isClosed = false
  const archive = await oddServer((verb, line, session) =>
    verb === 'EHLO'
      ? ehloReply(...standardEhlo.filter((word) => word !== 'SMTPUTF8'))
      : verb === 'RCPT' && isClosed
        ? '550 5.2.1 closed\r\n'
        : behave(verb, line, session),
  )
  const port = await freePort()
  const document = site({
    port,
    relays: { out: relayTo(peer), archive: relayTo(archive) },
    localMx: { '*': 'relay:out', 'archive.test': 'relay:archive' },
    journal: [
      { to: 'journal@archive.test', match: { direction: 'out' } },
      { to: 'hr@here.test', form: 'message', match: { senders: ['hr.test'], recipients: ['dst.test'] } },
    ],
  })
  const gateway = await startGateway(document)
  const inside = await openClient(port)
  const id = await sendMessage(
    inside,
    'boss@hr.test',
    ['a@dst.test', 'b@dst.test', 'hidden@other.test'],
    mail('From: boss@hr.test', 'Message-ID: <1@hr.test>'),
  )
  await arrived(archive, 1)
  await arrived(peer, 1)
  expect(commands(archive, 'MAIL')).toEqual(['FROM:<>'])
  expect(commands(archive, 'RCPT')).toEqual(['TO:<journal@archive.test>'])
  const [report] = archive.accepted
  expect(report).toContain('X-MS-Journal-Report:\r\n')
  expect(report).toContain(
    '\r\nSender: boss@hr.test\r\nSubject: x\r\nMessage-Id: <1@hr.test>\r\nRecipient: a@dst.test\r\nRecipient: b@dst.test\r\nRecipient: hidden@other.test\r\n',
  )
  expect(report).toContain(`Queue-Id: ${id}\r\n`)
  expect(report).toContain('Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\nReceived: ')
  const [copy] = await received(gateway.stateDir, 'hr@here.test')
  expect(copy).toContain('From: boss@hr.test')
  expect(copy).not.toContain('X-MS-Journal-Report')

  // To one of ours it does not go out, and is no business of the journal.
  await sendMessage(inside, 'ann@here.test', 'bob@here.test', mail('From: ann@here.test'))
  isClosed = true
  const kept = await sendMessage(inside, 'ann@here.test', 'far@dst.test', mail('From: ann@here.test'))
  await gateway.logged('journal.held', (line) => line['id'] === kept)
  const rows = (await gateway.queue()).filter((row) => row.id === kept)
  expect(rows).toMatchObject([
    { recipient: 'journal@archive.test', state: 'held', why: 'the journal did not take it: closed' },
  ])
  // With PIPELINING its DATA was answered all the same, and ended by a lone dot (RFC 2920 §3.1).
  expect(archive.accepted.filter((text) => text !== '')).toHaveLength(1)
  // Its sender never hears of journals.
  expect(await received(gateway.stateDir, 'bob@here.test')).toHaveLength(1)
  await expect(received(gateway.stateDir, 'ann@here.test', 0)).resolves.toEqual([])

  isClosed = false
  expect((await mailgw(['queue', 'retry', kept, '--state-dir', gateway.stateDir])).code).toBe(0)
  await until('the journal has the other one', () => archive.accepted.some((text) => text.includes(kept)))
})
