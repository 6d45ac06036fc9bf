import { expect, test } from 'vitest'
import { behave, ehloReply, oddServer } from '../egress/odd-server.ts'
import { startGateway, until } from '../support/gateway.ts'
import { freePort, peers } from '../support/peer.ts'
import { startPostfix } from '../support/postfix.ts'
import { faultsOf, judged } from '../support/report-judge.ts'
import { openClient, sendMessage } from './client.ts'
import { maildir, received, site } from './site.ts'

const python = peers('python3')

test.skipIf(!python)(
  'a route has its own schedule: its sender is warned, told of the failure, and in the words of the document (MQ-68, EX-40, EX-51)',
  async () => {
    const [port, dead, later] = [await freePort(), await freePort(), await oddServer()]
    const busy = await oddServer((verb, line, session) =>
      verb === 'RCPT' ? '451 4.2.0 busy\r\n' : behave(verb, line, session),
    )
    await later.close()
    const gateway = await startGateway(
      site({
        port,
        relays: {
          quick: { hosts: `127.0.0.1:${dead}`, retry: 'quick' },
          twice: { hosts: `127.0.0.1:${busy.port}`, retry: 'twice' },
          mute: { hosts: `127.0.0.1:${dead}`, retry: 'quick', dsn: 'never' },
        },
        destinations: { '*': { retry: 'patient' } },
        localMx: {
          'quick.test': { relay: 'quick' },
          'twice.test': { relay: 'twice' },
          'mute.test': { relay: 'mute' },
          'slow.test': `127.0.0.1:${later.port}`,
        },
        retry: {
          schedule: ['1s'],
          expireAfter: '1h',
          schedules: {
            quick: { expireAfter: '4s', warnAfter: '2s' },
            twice: { maxAttempts: 2 },
            patient: { expireAfter: '2h', warnAfter: 'off' },
          },
        },
        notifications: {
          from: 'mail@here.test',
          language: 'de',
          texts: { failed: { subject: 'Nicht zugestellt: {subject}', text: { $text: 'notices/failed.txt' } } },
          reasons: { '4.4.7': 'Dort nimmt seit Stunden niemand Post an.', attempts: 'Zu oft versucht.' },
        },
      }),
      {
        files: {
          'notices/failed.txt':
            'Ihre Nachricht kam nicht an bei\n{each}\n  {recipient}\n      {reason}\n      {host}: {answer}\n{end}\nGrüße, {gateway}\n',
        },
      },
    )
    const client = await openClient(port)
    for (const domain of ['quick', 'twice', 'mute', 'slow']) {
      await sendMessage(client, `${domain}@here.test`, `bob@${domain}.test`, 'Subject: eins\r\n\r\nzwei\r\n')
    }
    const quick = judged(await received(gateway.stateDir, 'quick@here.test', 2))
    const [twice] = judged(await received(gateway.stateDir, 'twice@here.test'))
    for (const one of [...quick, twice!]) expect(faultsOf(one)).toEqual([])
    const [delayed, failed] = [...quick].sort((a, b) => a.groups[1]!['action']!.localeCompare(b.groups[1]!['action']!))
    expect(delayed!.groups[1]).toMatchObject({ action: 'delayed', status: '4.4.1' })
    expect(delayed!.groups[1]!['will-retry-until']).toMatch(/\+0000$/)
    expect(delayed!.text).toContain('You do not need to send it again')
    expect(failed!.groups[1]).toMatchObject({ action: 'failed', status: '4.4.7' })
    expect(failed!.header).toMatchObject({
      from: 'Mail Delivery System <mail@here.test>',
      subject: 'Nicht zugestellt: eins',
    })
    expect(failed!.text).toBe(
      'Ihre Nachricht kam nicht an bei\n  bob@quick.test\n      Dort nimmt seit Stunden niemand Post an.\nGrüße, gateway.test\n',
    )
    expect(twice!.groups[1]).toMatchObject({ action: 'failed', status: '4.2.0' })
    expect(twice!.text).toContain('Zu oft versucht.')
    await until('only the patient one waits', async () => {
      const rows = await gateway.queue()
      return rows.length === 1 && rows[0]!.recipient === 'bob@slow.test'
    })
    expect(maildir(gateway.stateDir, 'mute@here.test')).toEqual([])
    expect(maildir(gateway.stateDir, 'slow@here.test')).toEqual([])
    await gateway.logged('message.expired', (line) => line['to'] === 'bob@mute.test' && line['notified'] === false)
  },
  40_000,
)

test.skipIf(!python)(
  'an alias for several is told of once and SMTPUTF8 by the forms of RFC 6533; whoever is refused at RCPT makes nobody get anything (D2 row 3461)',
  async () => {
    const port = await freePort()
    const refusing = await oddServer((verb, line, session) => {
      if (verb === 'RCPT') return '550 5.1.1 gibt es nicht\r\n'
      return behave(verb, line, session)
    })
    const gateway = await startGateway(
      site({
        port,
        domains: { 'here.test': { recipients: ['ann', 'bea', 'postmaster', 'jös'] } },
        aliases: { 'team@here.test': ['ann@here.test', 'bea@here.test'] },
        localMx: { 'dst.test': `127.0.0.1:${refusing.port}`, 'gone.test': { reject: { code: 550, text: 'gone' } } },
      }),
    )
    const client = await openClient(port)
    // Refused at RCPT: that is all that ever comes of it.
    expect((await client.replies(2, 'MAIL FROM:<victim@dst.test>', 'RCPT TO:<nobody@here.test>'))[1]).toMatch(/^550/)
    expect(await client.say('RCPT TO:<x@gone.test>')).toMatch(/^550/)
    expect(await client.say('DATA')).toMatch(/^5/)
    await client.say('RSET')

    await client.replies(3, 'MAIL FROM:<ann@here.test>', 'RCPT TO:<team@here.test> NOTIFY=SUCCESS,FAILURE', 'DATA')
    expect(await client.say('Subject: to the team\r\n\r\nhello\r\n.')).toMatch(/^250/)
    const [, expanded] = judgeable(await received(gateway.stateDir, 'ann@here.test', 2))
    await received(gateway.stateDir, 'bea@here.test')
    expect(faultsOf(expanded!)).toEqual([])
    expect(expanded!.groups.slice(1)).toMatchObject([
      { action: 'expanded', 'final-recipient': 'rfc822; team@here.test' },
    ])

    const utf8 = (text: string) => Buffer.from(text).toString('latin1')
    const replies = await client.replies(
      3,
      utf8('MAIL FROM:<jös@here.test> SMTPUTF8 BODY=8BITMIME'),
      utf8('RCPT TO:<näm@dst.test> NOTIFY=FAILURE ORCPT=utf-8;n\\x{E4}m@old.test'),
      'DATA',
    )
    expect(replies.map((line) => line.slice(0, 3))).toEqual(['250', '250', '354'])
    expect(await client.say(utf8('Subject: Grüße\r\n\r\nhällo\r\n.'))).toMatch(/^250/)
    const [international] = judged(await received(gateway.stateDir, 'j%C3%B6s@here.test'))
    expect(faultsOf(international!, true)).toEqual([])
    expect(international!.parts).toEqual(['text/plain', 'message/global-delivery-status', 'message/global'])
    expect(international!.groups[1]).toMatchObject({
      'final-recipient': 'utf-8; näm@dst.test',
      'original-recipient': 'utf-8; n\\x{E4}m@old.test',
      action: 'failed',
    })
    await until('nothing is queued', async () => (await gateway.queue()).length === 0)
    expect(maildir(gateway.stateDir, 'ann@here.test')).toHaveLength(2)
    // Two notifications in all: nobody who was refused at RCPT has made one.
    expect(gateway.log().filter(({ event }) => event === 'notification.stored')).toHaveLength(2)
  },
  40_000,
)

/** Reports after what is none. */
const judgeable = (texts: readonly string[]) => [
  null,
  ...judged(texts.filter((text) => text.includes('multipart/report'))),
]

test.skipIf(!python || !peers('postfix'))(
  'Postfix and the gateway hand each other what senders want to hear: NOTIFY, RET, ENVID and ORCPT arrive, and each report is told once',
  async () => {
    const port = await freePort()
    const refusing = await oddServer((verb, line, session) =>
      verb === 'RCPT' ? '550 5.1.1 no such user\r\n' : behave(verb, line, session),
    )
    const simple = await oddServer((verb, line, session) =>
      verb === 'EHLO' ? ehloReply('PIPELINING') : behave(verb, line, session),
    )
    const postfix = await startPostfix({
      main: [
        'mynetworks = 127.0.0.0/8',
        'smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination',
        `relayhost = [127.0.0.1]:${port}`,
      ],
    })
    const gateway = await startGateway(
      site({
        port,
        localMx: {
          'example.test': `127.0.0.1:${postfix.port}`,
          'dst.test': `127.0.0.1:${refusing.port}`,
          'simple.test': `127.0.0.1:${simple.port}`,
        },
      }),
    )
    // From Postfix through the gateway: refused, handed on to a host without DSN, delivered.
    const outward = await openClient(postfix.port)
    const replies = await outward.replies(
      5,
      'MAIL FROM:<ann@example.test> RET=HDRS ENVID=QQ+2B314',
      'RCPT TO:<nobody@dst.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Nobody@dst.test',
      'RCPT TO:<bob@simple.test> NOTIFY=SUCCESS',
      'RCPT TO:<box@here.test> NOTIFY=SUCCESS,DELAY',
      'DATA',
    )
    expect(replies.map((line) => line.slice(0, 3))).toEqual(['250', '250', '250', '250', '354'])
    await outward.say('Subject: through two\r\n\r\nsecret content\r\n.')
    const texts = await until('three reports have come back', () => {
      const found = postfix.messages().filter((text) => text.includes('multipart/report'))
      return found.length >= 3 ? found : null
    })
    const reports = judged(texts!)
    for (const report of reports) {
      expect(faultsOf(report)).toEqual([])
      expect(report.groups[0]).toMatchObject({
        'reporting-mta': 'dns; gateway.test',
        'original-envelope-id': 'QQ+314',
      })
      expect(report.returned).not.toContain('secret content')
    }
    const groups = reports.flatMap((report) => report.groups.slice(1))
    const by = (action: string) => groups.filter((group) => group['action'] === action)
    expect(by('failed')).toMatchObject([
      {
        'final-recipient': 'rfc822; nobody@dst.test',
        'original-recipient': 'rfc822; Nobody@dst.test',
        status: '5.1.1',
      },
    ])
    expect(by('relayed')).toMatchObject([{ 'final-recipient': 'rfc822; bob@simple.test' }])
    expect(by('delivered')).toMatchObject([{ 'final-recipient': 'rfc822; box@here.test' }])

    // From the gateway to Postfix, which knows DSN: it tells of the delivery, and we do not.
    const inward = await openClient(port)
    await inward.replies(
      3,
      'MAIL FROM:<carl@here.test> ENVID=back+2B1',
      'RCPT TO:<bob@example.test> NOTIFY=SUCCESS ORCPT=rfc822;Bob+2Bx@example.test',
      'DATA',
    )
    await inward.say('Subject: hello\r\n\r\nhello\r\n.')
    const [told, ...more] = judged(await received(gateway.stateDir, 'carl@here.test'))
    expect(more).toEqual([])
    expect(told!.groups[0]).toMatchObject({ 'reporting-mta': 'dns; px.example.test', 'original-envelope-id': 'back+1' })
    expect(told!.groups[1]).toMatchObject({
      action: 'delivered',
      'original-recipient': 'rfc822;Bob+x@example.test',
    })
    await until('nothing is queued', async () => (await gateway.queue()).length === 0)
    expect(maildir(gateway.stateDir, 'carl@here.test')).toHaveLength(1)
  },
  60_000,
)
