import { describe, expect, test } from 'vitest'
import type { ConnectionsView } from '../../src/mail/connection-view.ts'
import type { LearntSize } from '../../src/mail/learnt-size.ts'
import type { RecipientCheckView, RememberedRecipient } from '../../src/mail/recipient-view.ts'
import { mailgw, startGateway, until } from '../support/gateway.ts'
import { freePort, peers } from '../support/peer.ts'
import { startPostfix } from '../support/postfix.ts'
import { person, readerPassword, startSlapd } from '../support/slapd.ts'
import { openClient, sendMessage } from './client.ts'
import { site } from './site.ts'

type Cache = { readonly checks: readonly RecipientCheckView[]; readonly rows: readonly RememberedRecipient[] }

const maps = [
  'virtual_mailbox_domains = example.test, all.test',
  'virtual_mailbox_maps = inline:{ {ann@example.test = box/} {@all.test = box/} }',
  'message_size_limit = 20000',
]

/** A gateway before a Postfix and a directory, and who may ask it. */
async function gatewayBefore(postfix: number, directory: number) {
  const port = await freePort()
  const cache = { positive: '1s', stale: '1h' }
  const bind = { dn: 'cn=reader,dc=example,dc=test', password: { $secret: 'env:READER' } }
  const gateway = await startGateway(
    site({
      port,
      localMx: { '*': { reject: { code: 550, text: '5.1.2 no way there' } }, '*.test': `127.0.0.1:${postfix}` },
      domains: {
        'example.test': { kind: 'relay', verify: 'hop' },
        'all.test': { kind: 'relay', verify: 'hop' },
        'people.test': { kind: 'relay', verify: 'directory', recipients: ['listed'] },
      },
      recipientChecks: {
        hop: { callout: true, onError: 'accept' },
        directory: {
          ldap: { urls: `ldap://127.0.0.1:${directory}`, base: 'dc=example,dc=test', filter: '(mail={address})', bind },
          onError: 'defer',
          timeout: '5s',
          cache,
        },
      },
      learnSizes: 'on',
    }),
    { env: { READER: readerPassword } },
  )
  return { gateway, port }
}

// TU-14, part (c) 13
describe.skipIf(!peers('postfix', 'slapd'))('recipients are known at RCPT', () => {
  test('by the next hop and by a directory; what is known can be seen, forgotten and asked anew', async () => {
    const postfix = await startPostfix({ main: maps })
    const people = person('alice', 'secret', ['mail: alice@people.test'])
    const slapd = await startSlapd({ people })
    const { gateway, port } = await gatewayBefore(postfix.port, slapd.port)
    const cli = (...args: string[]) => mailgw([...args, '--state-dir', gateway.stateDir])
    const client = await openClient(port)
    await client.say('EHLO client.test')
    const rcpt = (to: string) => client.say(`RCPT TO:<${to}>`)

    await client.say('MAIL FROM:<a@src.test>')
    expect(await rcpt('ann@example.test')).toBe('250 2.1.5 recipient ok')
    expect(await rcpt('nobody@example.test')).toBe('550 5.1.1 no such mailbox')
    expect(await rcpt('whoever@all.test')).toBe('250 2.1.5 recipient ok')
    expect(await rcpt('postmaster@example.test')).toBe('250 2.1.5 recipient ok')
    expect(await rcpt('alice@people.test')).toBe('250 2.1.5 recipient ok')
    expect(await rcpt('bob@people.test')).toBe('550 5.1.1 no such mailbox')
    expect(await rcpt('listed@people.test')).toBe('250 2.1.5 recipient ok')
    expect(
      await gateway.logged('recipient.unknown', ({ recipient }) => recipient === 'nobody@example.test'),
    ).toMatchObject({ id: 'hop', client: '127.0.0.1' })
    await gateway.logged('recipients.takes-all', ({ domain }) => domain === 'all.test')

    const { checks, rows } = await gateway.ask<Cache>('recipients', 'cache')
    expect(checks).toMatchObject([
      { id: 'directory', kind: 'ldap', state: 'ok', answers: { exists: 1, unknown: 1, error: 0 } },
      { id: 'hop', kind: 'callout', notes: [`hosts:127.0.0.1:${postfix.port} takes every recipient of all.test`] },
    ])
    expect(rows.map(({ address, kind }) => `${address} ${kind}`).sort()).toEqual([
      'alice@people.test exists',
      'ann@example.test exists',
      'bob@people.test unknown',
      'nobody@example.test unknown',
      'whoever@all.test exists',
    ])
    const shown = await cli('recipients', 'cache', 'Nobody@example.test')
    expect(shown.out).toMatch(/^nobody@example\.test +unknown +hop .*says 550 5\.1\.1/m)

    const alice = rows.find(({ address }) => address === 'alice@people.test')!
    // The directory is gone: who existed lately still does, who is not known is put off.
    await slapd.peer.stop()
    await until('the answer is over its time', () => Date.now() > alice.until)
    expect(await rcpt('alice@people.test')).toBe('250 2.1.5 recipient ok')
    expect(await rcpt('carol@people.test')).toBe('451 4.4.3 the recipient cannot be verified now, try again later')
    await gateway.logged('recipients.failing', ({ check }) => check === 'directory')

    const verified = await cli('recipients', 'verify', 'ann@example.test')
    expect(verified).toMatchObject({ code: 0, out: expect.stringContaining('RCPT TO:<ann@example.test> -> 250') })
    expect(verified.out).toContain(`route hosts:127.0.0.1:${postfix.port} (localMx["*.test"])`)
    expect((await cli('recipients', 'verify', 'nobody@example.test')).code).toBe(2)
    expect((await cli('recipients', 'verify', 'carol@people.test')).code).toBe(3)
    expect(await cli('recipients', 'verify', 'ann@elsewhere.example')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no check of recipients is asked for elsewhere.example'),
    })
    expect((await cli('recipients', 'flush')).code).toBe(1)
    expect((await cli('recipients', 'flush', 'nobody@example.test')).out).toBe('1 recipient is forgotten\n')
    expect((await cli('recipients', 'flush', 'people.test')).out).toBe('2 recipients are forgotten\n')
    // What was known of it is gone too: nobody can tell now.
    expect(await rcpt('alice@people.test')).toMatch(/^451 4\.4\.3/)
    client.close()
  })

  // EX-47, part (c) 13
  test('a message that the next hop has said to be too large for it is refused at RCPT; connections can be seen', async () => {
    const postfix = await startPostfix({ main: maps })
    const { gateway, port } = await gatewayBefore(postfix.port, await freePort())
    const client = await openClient(port)
    await client.say('EHLO client.test')
    // Nobody has said anything yet: it is accepted, and only looked at when the next hop has said what it takes.
    await client.say('MAIL FROM:<a@src.test> SIZE=30000')
    expect(await client.say('RCPT TO:<postmaster@example.test>')).toBe('250 2.1.5 recipient ok')
    await client.say('RSET')
    await sendMessage(await openClient(port), 'a@src.test', 'ann@example.test')
    await until('it is delivered', () => postfix.messages().length === 1)

    const { sizes } = await gateway.ask<{ sizes: readonly LearntSize[] }>('recipients', 'sizes')
    expect(sizes).toMatchObject([{ nextHop: `hosts:127.0.0.1:${postfix.port}`, sizeBytes: 20_000 }])
    await client.say('MAIL FROM:<a@src.test> SIZE=30000')
    expect(await client.say('RCPT TO:<ann@example.test>')).toBe(
      "552 5.3.4 the next hop takes at most 20000 octets of this recipient's mail",
    )
    await client.say('RSET')
    await client.say('MAIL FROM:<a@src.test> SIZE=20000')
    expect(await client.say('RCPT TO:<ann@example.test>')).toBe('250 2.1.5 recipient ok')

    const { connections } = await gateway.ask<ConnectionsView>('conns')
    expect(connections.find(({ direction, transaction }) => direction === 'in' && transaction !== null)).toMatchObject({
      client: '127.0.0.1',
      helo: 'client.test',
      state: 'command',
      tls: null,
      transaction: { from: 'a@src.test', recipients: ['ann@example.test'], recipientCount: 1, sizeBytes: 20_000 },
    })
    expect(connections.find(({ direction }) => direction === 'out')).toMatchObject({
      nextHop: `hosts:127.0.0.1:${postfix.port}`,
      host: `[127.0.0.1]:${postfix.port}`,
      source: '127.0.0.1',
      state: 'idle',
      messages: 1,
      transaction: null,
    })
    const { out } = await mailgw(['conns', '--in', '--state-dir', gateway.stateDir])
    expect(out).toMatch(/^in: \d\nlistener +client +helo +since +for +messages +size +state +from +to\n/)
    expect(out).toMatch(/127\.0\.0\.1 +client\.test .*20 KiB +command \(clear\) +a@src\.test +ann@example\.test/)
    expect(out).not.toContain('out:')
    client.close()
  })
})
