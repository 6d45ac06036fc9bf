import { SMTPServer } from 'smtp-server'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { IpAddress } from '../../src/mail/ip.ts'
import { defaultNotice } from '../../src/message/default-notices.ts'
import { notification } from '../../src/message/notification.ts'
import type { Attempt } from '../../src/queue/lane.ts'
import { freePort, peers, startPeer } from '../support/peer.ts'
import { startPostfix } from '../support/postfix.ts'
import { certificate } from './certificates.ts'
import { client } from './client.ts'
import { mailbox, message } from './lane.ts'

const root = process.getuid?.() === 0

async function sink(...faults: string[]): Promise<number> {
  const port = await freePort()
  await startPeer('smtp-sink', [...(root ? ['-u', 'nobody'] : []), ...faults, `127.0.0.1:${port}`, '100'], { port })
  return port
}

const brief = (attempts: readonly Attempt[]) => attempts.map(({ reply, command }) => `${reply?.code ?? '-'} ${command}`)

describe.skipIf(!peers('smtp-sink'))('smtp-sink', () => {
  test('takes a thousand messages, pipelined or not', async () => {
    for (const faults of [[], ['-p']]) {
      const { send } = client({ ports: [await sink(...faults)] })
      const attempts = await send(
        ...Array.from({ length: 1000 }, (_, i) => message({ id: `Q${i}`, to: ['a@x.test', 'b@x.test'] })),
      )
      expect(attempts).toHaveLength(2000)
      expect(attempts.every((attempt) => attempt.reply?.code === 250)).toBe(true)
    }
  })

  const faults: { name: string; args: string[]; want: string[] }[] = [
    { name: 'soft refusal of MAIL', args: ['-r', 'mail'], want: ['450 mail', '450 mail'] },
    { name: 'soft refusal of RCPT', args: ['-r', 'rcpt'], want: ['450 rcpt', '450 rcpt'] },
    { name: 'soft refusal of DATA', args: ['-r', 'data'], want: ['450 data', '450 data'] },
    { name: 'soft refusal of the content', args: ['-r', '.'], want: ['450 body', '450 body'] },
    { name: 'hard refusal of MAIL', args: ['-f', 'mail'], want: ['500 mail', '500 mail'] },
    { name: 'hard refusal of RCPT', args: ['-f', 'rcpt'], want: ['500 rcpt', '500 rcpt'] },
    { name: 'hard refusal of the content', args: ['-f', '.'], want: ['500 body', '500 body'] },
    { name: '421 and hanging up at RCPT', args: ['-Q', 'rcpt'], want: ['421 rcpt', '421 rcpt'] },
    { name: 'hanging up at DATA', args: ['-q', 'data'], want: ['- data', '- data'] },
    { name: 'hanging up after the content', args: ['-q', '.'], want: ['- body', '- body'] },
    { name: 'only HELO', args: ['-e'], want: ['250 body', '250 body'] },
  ]
  for (const { name, args, want } of faults) {
    test(`${name}: ${want[0]}`, async () => {
      const { send, lane } = client({ ports: [await sink(...args)] })
      // One that was on the wire behind another when the host hung up was not offered, and comes again.
      lane.reoffer = true
      await send(message({ id: 'Q1' }), message({ id: 'Q2' }))
      await lane.until(() => lane.settled.length === 2)
      expect(brief(lane.settled.flatMap((one) => one.attempts))).toEqual(want)
    })
  }

  for (const [name, args] of [
    ['421 instead of a greeting', ['-Q', 'connect']],
    ['hanging up instead of a greeting', ['-q', 'connect']],
    ['hanging up at EHLO and HELO', ['-q', 'ehlo,helo']],
  ] as const) {
    test(`${name}: the next hop is down, and no message has an attempt`, async () => {
      const { send, lane } = client({ ports: [await sink(...args)] })
      await send(message(), message())
      expect(lane.settled).toEqual([])
      expect(lane.downs).toHaveLength(1)
    })
  }

  // Without -p smtp-sink answers DATA before a delayed RCPT.
  test('slow answers to RCPT are waited for, and no 8BITMIME means no eight-bit content that is signed', async () => {
    const slow = client({ ports: [await sink('-p', '-W', 'rcpt:1')] })
    expect(brief(await slow.send(message()))).toEqual(['250 body'])
    const seven = client({ ports: [await sink('-8')] })
    const [attempt] = await seven.send(message({ content: 'DKIM-Signature: x\r\n\r\né\r\n' }))
    expect(attempt?.status).toBe('5.6.3')
  })
})

describe.skipIf(!root || !peers('postfix', 'openssl'))('Postfix', () => {
  test('takes mail over verified TLS, by BDAT and DATA, and keeps every octet; so does it with a notification', async () => {
    const cert = certificate('mx.example.test')
    const postfix = await startPostfix({ tls: cert.files })
    const hosts = [{ name: 'mx.example.test', address: '127.0.0.1' as IpAddress, port: postfix.port }]
    const { send, log } = client({
      ports: [],
      relay: { tls: 'verify', connections: 3 },
      settings: { ca: cert.pem },
      options: { hosts: async () => ({ kind: 'hosts', hosts }) },
    })
    const contents = [
      'Subject: plain\r\n\r\nplain\r\n',
      'Subject: dots\r\n\r\n..\r\n..x\r\n...\r\nend\r\n',
      'Subject: eight\r\n\r\nébits\r\n',
      `Subject: large\r\n\r\n${`${'z'.repeat(76)}\r\n`.repeat(20_000)}`,
    ]
    const entries = contents.map((content, i) =>
      message({ id: `Q${i}`, to: ['bob@example.test'], content, spooled: i === 3 }),
    )
    const dsn = notification({
      id: 'N1',
      action: 'failed',
      to: mailbox('bob@example.test'),
      from: mailbox('postmaster@gw.test'),
      postmaster: mailbox('postmaster@gw.test'),
      notice: defaultNotice('failed'),
      reportingMta: 'gw.test',
      now: Date.now(),
      arrivedAt: Date.now(),
      originalId: 'Q9',
      envid: null,
      graphHash: 'g',
      smtputf8: false,
      recipients: [
        {
          recipient: { mailbox: mailbox('x@dst.test'), original: mailbox('x@dst.test'), notify: null, orcpt: null },
          reply: { code: 550, status: '5.1.1', text: 'no' },
          host: 'mx.dst.test[192.0.2.1]:25',
          status: null,
          why: '',
          expired: false,
          lastAttemptAt: null,
        },
      ],
      original: {
        kind: 'message',
        chunks: [Buffer.from('Subject: back\r\n\r\n..dot\r\n')],
        dots: true,
        eightBit: false,
      },
    })
    entries.push(
      message({
        from: null,
        to: ['bob@example.test'],
        content: Buffer.concat(dsn.chunks),
        envelope: { recipients: dsn.envelope.recipients },
      }),
    )
    const attempts = await send(...entries)
    expect(attempts.map((attempt) => attempt.reply?.code)).toEqual(entries.map(() => 250))
    expect(attempts.every((attempt) => attempt.dsnTaken === true)).toBe(true)
    expect(log.find(({ event }) => event === 'connection.opened')?.fields['tls']).toMatch(/^TLSv1\.3 /)
    await expect.poll(() => postfix.messages().length, { timeout: 20_000 }).toBe(entries.length)
    const received = postfix.messages()
    for (const { body } of entries) {
      let stored = ''
      for await (const piece of body.read()) stored += piece.toString('latin1')
      const plain = stored.replace(/(^|\r\n)\./g, '$1').replace(/\r\n/g, '\n')
      expect(received.filter((one) => one.endsWith(plain))).toHaveLength(1)
    }
    expect(received.filter((one) => one.startsWith('Return-Path: <>'))).toHaveLength(1)
  }, 60_000)

  test('refuses a foreign domain and too large a message, with its own words', async () => {
    const postfix = await startPostfix({ main: ['message_size_limit = 2000', 'virtual_mailbox_limit = 2000'] })
    const { send } = client({ ports: [postfix.port] })
    const [foreign] = await send(message({ to: ['x@elsewhere.test'] }))
    expect(foreign).toMatchObject({ reply: { code: 554, status: '5.7.1' }, command: 'rcpt' })
    const [large] = await send(message({ to: ['bob@example.test'], content: 'x'.repeat(3000) }))
    expect(large).toMatchObject({ reply: { code: 552 }, status: '5.3.4', host: null })
    expect(brief(await send(message({ to: ['bob@example.test'] })))).toEqual(['250 body'])
  }, 60_000)
})

describe('smtp-server', () => {
  test('takes mail with AUTH over STARTTLS, and refuses one recipient of three', async () => {
    const cert = certificate('mx1.test')
    const contents: string[] = []
    const server = new SMTPServer({
      key: cert.key,
      cert: cert.pem,
      authMethods: ['PLAIN'],
      onAuth: (auth, _, callback) =>
        callback(auth.username === 'u' && auth.password === 'secret' ? null : new Error('no'), { user: 'u' }),
      onRcptTo: ({ address }, _, callback) =>
        callback(
          address.startsWith('no@') ? Object.assign(new Error('no such user'), { responseCode: 550 }) : undefined,
        ),
      onData: (stream, _, callback) => {
        let text = ''
        stream.on('data', (chunk) => (text += chunk))
        stream.on('end', () => {
          contents.push(text)
          callback()
        })
      },
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
    onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
    const { port } = server.server.address() as { port: number }
    const { send } = client({
      ports: [port],
      relay: { tls: 'verify', auth: { user: 'u', pass: { $secret: 'env:P' } } },
      settings: { ca: cert.pem },
    })
    const attempts = await send(message({ to: ['a@dst.test', 'no@dst.test', 'b@dst.test'] }))
    expect(brief(attempts)).toEqual(['250 body', '550 rcpt', '250 body'])
    expect(contents).toEqual(['Subject: x\r\n\r\nhello\r\n'])
  })
})
