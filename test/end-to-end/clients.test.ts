import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { mailgw, startGateway, until } from '../support/gateway.ts'
import { startNsd } from '../support/nsd.ts'
import { freePort, peers, tempFolder } from '../support/peer.ts'
import { site } from './site.ts'
import { visit } from './visitor.ts'

async function open(sections: object) {
  const port = await freePort()
  const document = site({
    port: await freePort(),
    localMx: {},
    listeners: { mx: { kind: 'mx', bind: `127.0.0.1:${port}`, proxy: { from: ['127.0.0.1'] } } },
    trusted: ['192.0.2.0/24'],
    ...sections,
  })
  const gateway = await startGateway(document)
  return { gateway, document, from: (address: string, helo?: string) => visit(port, address, helo) }
}

const sha512 = (password: string): string =>
  spawnSync('openssl', ['passwd', '-6', password], { encoding: 'utf8' }).stdout.trim()

const printers = {
  networks: ['10.20.0.0/16'],
  internal: true,
  senders: ['scanner@here.test'],
  recipients: ['here.test'],
  rates: { messages: ['3/1m', '5/1d'], recipients: '10/1h' },
}

// MQ-93
test('a printer without TLS and login is one entry: its senders, its recipients, its rates', async () => {
  const { gateway, from } = await open({ clients: { printers } })
  const printer = await from('10.20.3.4')
  expect(await printer.send('scanner@here.test', 'ann@here.test')).toMatch(/^250/)
  expect(await printer.mail('ceo@here.test', 'ann@here.test')).toBe('550 5.7.1 this client may not use this sender')
  expect(await printer.mail('scanner@here.test', 'x@far.test')).toBe(
    '550 5.7.1 this client may not send to this recipient',
  )
  expect(await printer.send('scanner@here.test', 'ann@here.test')).toMatch(/^250/)
  expect(await printer.send('scanner@here.test', 'ann@here.test')).toBe(
    '451 4.7.1 too many messages from you: at most 3 in 1m, try again later',
  )
  expect(await gateway.logged('rate.over')).toMatchObject({ rate: 'rate.printers.messages/1m', client: '10.20.3.4' })
  // Another printer has its own.
  expect(await (await from('10.20.3.5')).send('scanner@here.test', 'ann@here.test')).toMatch(/^250/)
})

test('two networks that send as one sender come to different ends, and explain says why', async () => {
  const { gateway, from } = await open({
    clients: {
      printers: { ...printers, rates: undefined },
      guests: { networks: '10.30.0.0/16', senders: ['guest.test'] },
    },
  })
  const [printer, guest] = [await from('10.20.3.4'), await from('10.30.3.4')]
  expect(await printer.mail('scanner@here.test', 'ann@here.test')).toMatch(/^250/)
  expect(await guest.mail('scanner@here.test', 'ann@here.test')).toBe('550 5.7.1 this client may not use this sender')
  const explain = async (client: string) =>
    (
      await mailgw(
        ['explain', '--client', client, '--from', 'scanner@here.test', '--to', 'ann@here.test'],
        gateway.folder,
      )
    ).out
  expect(await explain('10.20.3.4')).toMatch(/mail +passes +by clients\.printers\.senders mailgw\.config\.json:\d+/)
  expect(await explain('10.30.3.4')).toMatch(
    /mail +refused 550 5\.7\.1 this client may not use this sender +by clients\.guests\.senders mailgw\.config\.json:\d+/,
  )
})

test('the class of a client is a mark on its messages, for whoever is next, the log and explanations', async () => {
  const { gateway, from } = await open({ clients: { news: { networks: '10.40.0.0/16', class: 'bulk' } } })
  const send = async (address: string) => (await from(address)).send('app@here.test', 'ann@here.test')
  expect([await send('10.40.3.4'), await send('10.50.3.4')]).toEqual([
    expect.stringMatching(/^250/),
    expect.stringMatching(/^250/),
  ])
  expect(await gateway.logged('rule.tagged')).toMatchObject({ tag: 'bulk', client: '10.40.3.4' })
  const explained = await mailgw(
    ['explain', '--client', '10.40.3.4', '--from', 'app@here.test', '--to', 'ann@here.test'],
    gateway.folder,
  )
  expect(explained.out).toMatch(/bulk.*clients\.news\.class mailgw\.config\.json:\d+/)
})

test('what was counted holds over an apply, and a quota of a day over a restart', async () => {
  const { gateway, document, from } = await open({
    clients: { printers: { ...printers, rates: { messages: '2/1d' } } },
  })
  const send = async () => (await from('10.20.3.4')).send('scanner@here.test', 'ann@here.test')
  expect(await send()).toMatch(/^250/)
  const applied = await gateway.apply({
    ...document,
    clients: { printers: { ...printers, rates: { messages: '3/1d' } } },
  })
  expect(applied.code, applied.err).toBe(0)
  expect([await send(), await send()]).toEqual([expect.stringMatching(/^250/), expect.stringMatching(/^250/)])
  expect(await send()).toMatch(/^451 4\.7\.1 too many messages/)
  gateway.signal('SIGTERM')
  await gateway.ended
  expect(readFileSync(join(gateway.stateDir, 'rates.ndjson'), 'utf8')).toContain('10.20.3.4')
  await startGateway('', { folder: gateway.folder, source: [] })
  expect(await send()).toMatch(/^451 4\.7\.1 too many messages/)
})

test('a client that is observed may do all, and the log says what it may not', async () => {
  const { gateway, from } = await open({ clients: { printers: { ...printers, mode: 'observe' } } })
  const printer = await from('10.20.3.4')
  expect(await printer.mail('ceo@here.test', 'ann@here.test')).toMatch(/^250/)
  expect(await gateway.logged('rule.observed')).toMatchObject({
    stage: 'mail',
    client: '10.20.3.4',
    address: 'ceo@here.test',
    code: 550,
    at: expect.stringContaining('clients.printers.senders'),
  })
})

describe('rules', () => {
  test('refuse a HELO name, whoever gives it, and another one is free to be given', async () => {
    const { from } = await open({
      deny: [{ when: { helo: ['*.bad.test'] }, then: { reject: { code: 550, text: 'no' } } }],
    })
    const client = await from('198.51.100.1', 'good.example.test')
    expect(await client.say('EHLO a.bad.test')).toBe('550 5.7.1 no')
    expect(await client.mail('a@b.test', 'bob@here.test')).toMatch(/^250/)
    const bad = await from('198.51.100.1', 'A.BAD.test.')
    expect(await bad.say('MAIL FROM:<a@b.test>')).toMatch(/^503/)
    expect(await bad.say('HELO x.bad.test')).toBe('550 5.7.1 no')
    expect(await bad.say('HELO fine.example.test')).toMatch(/^250/)
  })

  test('that look on let all pass at every step, and each is in the log', async () => {
    const observe = (when: object) => ({ when, mode: 'observe' })
    const { gateway, from } = await open({
      deny: [
        observe({ client: ['198.51.100.0/24'] }),
        observe({ helo: ['client.example.test'] }),
        observe({ sender: ['b.test'] }),
        observe({ recipient: ['bob@here.test'] }),
        observe({ size: { over: '3B' } }),
      ],
    })
    expect(await (await from('198.51.100.1')).send('a@b.test', 'bob@here.test')).toMatch(/^250/)
    await until(
      'all five are logged',
      () => gateway.log().filter(({ event }) => event === 'rule.observed').length === 5,
    )
    const lines = gateway.log().filter(({ event }) => event === 'rule.observed')
    expect(lines.map(({ stage }) => stage)).toEqual(['connect', 'helo', 'mail', 'rcpt', 'data'])
    expect(lines.map(({ code }) => code)).toEqual([554, 550, 550, 550, 550])
  })

  // MQ-29
  test('of a watched file refuse who is in it now', async () => {
    const file = join(tempFolder(), 'blocked.txt')
    writeFileSync(file, '203.0.113.0/24\n')
    const { gateway, from } = await open({
      deny: [
        { when: { client: { $watched: file } }, onError: 'defer', then: { reject: { code: 550, text: 'blocked' } } },
      ],
    })
    expect((await from('203.0.113.5')).greeting).toBe('554 5.7.1 blocked')
    expect((await from('198.51.100.5')).greeting).toMatch(/^220/)
    writeFileSync(file, '198.51.100.5\n203.0.113.9\n')
    await until('the file is read again', async () => (await from('198.51.100.5')).greeting.startsWith('554'))
    expect((await from('203.0.113.5')).greeting).toMatch(/^220/)
    expect((await gateway.status()).watched).toEqual([{ path: file, networks: 2, error: null }])
  })
})

test('softBounce refuses nothing for good, and the status says so', async () => {
  const { gateway, from } = await open({ softBounce: true })
  expect(await (await from('198.51.100.1')).mail('a@b.test', 'x@far.test')).toBe('450 4.7.1 relaying denied')
  expect((await gateway.status()).softBounce).toBe(true)
  expect((await mailgw(['status', '--state-dir', gateway.stateDir])).out).toContain('softBounce')
})

test.skipIf(!peers('nsd'))('senders are checked against a real name server, from outside alone', async () => {
  const nsd = await startNsd({
    'sender.test': 'mail IN A 198.51.100.25\nok IN MX 10 mail\nnullmx IN MX 0 .\n',
    '100.51.198.in-addr.arpa': '25 IN PTR mail.sender.test.\n',
  })
  const { gateway, from } = await open({
    resolver: { servers: [`127.0.0.1:${nsd.port}`], timeout: '2s', attempts: 1 },
    checks: {
      reverse: { onError: 'ignore', then: 'defer' },
      helo: { onError: 'ignore', mode: 'observe' },
      senderDomain: { onError: 'defer' },
    },
  })
  const mail = async (address: string, sender: string, helo = 'mail.sender.test') =>
    (await from(address, helo)).mail(sender, 'bob@here.test')
  expect(await mail('198.51.100.25', 'a@ok.sender.test')).toMatch(/^250/)
  expect(await mail('198.51.100.25', 'a@nullmx.sender.test')).toBe(
    '550 5.1.8 the domain of this sender takes no mail: nullmx.sender.test says that it takes none (null MX)',
  )
  expect(await mail('198.51.100.25', 'a@gone.sender.test')).toBe(
    '550 5.1.8 the domain of this sender takes no mail: gone.sender.test does not exist',
  )
  expect(await mail('198.51.100.25', 'a@x.refused.test')).toMatch(/^451 4\.7\.1 you cannot be checked now/)
  expect(await mail('198.51.100.25', '')).toMatch(/^250/)
  expect(await mail('198.51.100.99', 'a@ok.sender.test')).toBe(
    '450 4.7.25 your address has no name that leads back to it: 198.51.100.99 has no name',
  )
  expect(await mail('198.51.100.25', 'a@ok.sender.test', 'nobody')).toMatch(/^250/)
  expect(await gateway.logged('rule.observed')).toMatchObject({ at: expect.stringContaining('checks.helo') })
  expect(await mail('192.0.2.7', 'a@gone.sender.test', 'nobody')).toMatch(/^250/)
})

test('who logs in may use the own addresses alone, has a rate of his own, and is refused by name', async () => {
  const port = await freePort()
  await open({
    listeners: {
      users: {
        kind: 'submission',
        bind: `127.0.0.1:${port}`,
        proxy: { from: ['127.0.0.1'] },
        login: { required: true, mechanisms: ['PLAIN'], clearTextFrom: ['198.51.100.0/24'] },
      },
    },
    credentials: [
      {
        id: 'here',
        users: {
          'ann@here.test': { hash: sha512('anns'), addresses: ['sales@here.test', '*@ann.test'] },
          'bob@here.test': { hash: sha512('bobs') },
        },
      },
    ],
    clients: { staff: { logins: '*@here.test', internal: true, senders: 'own', rates: { messages: '2/1h' } } },
    deny: [
      {
        when: { login: 'bob@here.test', recipient: 'boss@here.test' },
        then: { reject: { code: 550, text: 'not you' } },
      },
    ],
  })
  const login = async (name: string, password: string) => {
    const client = await visit(port, '198.51.100.1')
    const response = Buffer.from(`\0${name}\0${password}`).toString('base64')
    return { client, answer: await client.say(`AUTH PLAIN ${response}`) }
  }
  const { client: ann, answer } = await login('Ann@here.test', 'anns')
  expect(answer).toMatch(/^235/)
  const other = '550 5.7.1 this login may not use this sender'
  expect(await ann.mail('bob@here.test', 'x@here.test')).toBe(other)
  expect(await ann.mail('ann@elsewhere.test', 'x@here.test')).toBe(other)
  expect(await ann.mail('ANN@here.test', 'boss@here.test')).toMatch(/^250/)
  expect(await ann.mail('Sales@here.test', 'x@here.test')).toMatch(/^250/)
  // Two messages have begun, and the null reverse-path is a sender as well.
  expect(await ann.mail('anything@ann.test', 'x@here.test')).toMatch(/^451 4\.7\.1 too many messages/)
  const { client: bob } = await login('bob@here.test', 'bobs')
  expect(await bob.mail('bob@here.test', 'boss@here.test')).toBe('550 5.7.1 not you')
  expect(await bob.mail('bob@here.test', 'x@here.test')).toMatch(/^250/)
  expect((await login('bob@here.test', 'wrong')).answer).toMatch(/^535/)
}, 30_000)
