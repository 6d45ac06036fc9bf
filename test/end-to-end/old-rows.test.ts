import { expect, test } from 'vitest'
import { mailgw, startGateway, writeDocument } from '../support/gateway.ts'
import { startNsd } from '../support/nsd.ts'
import { freePort, peers, tempFolder } from '../support/peer.ts'
import { openClient } from './client.ts'
import { site } from './site.ts'
import { visit } from './visitor.ts'

// What the systems before mailgw could refuse, by documents, over real sockets.

async function open(sections: Record<string, unknown>) {
  const port = await freePort()
  const listeners = { mx: { kind: 'mx', bind: `127.0.0.1:${port}`, proxy: { from: ['127.0.0.1'] } } }
  const document = site({ port, localMx: {}, listeners, trusted: ['10.0.0.0/8'], ...sections })
  const gateway = await startGateway(document)
  return { gateway, from: (address: string) => visit(port, address) }
}

test('EX-30 EX-32 EX-33 clients, domains and mailboxes that are denied, each where it is known', async () => {
  const rule = (when: object, text: string) => ({ when, then: { reject: { code: 550, text } } })
  const { from } = await open({
    deny: [
      rule({ client: ['192.0.2.0/24', '2001:db8:bad::/48'] }, 'not your network'),
      rule({ sender: ['*.bad.test', 'bad.test'] }, 'not that domain'),
      rule({ sender: ['ceo@here.test'] }, 'not that sender'),
      rule({ recipient: ['secret@here.test'] }, 'not that mailbox'),
      rule({ recipient: ['*.rival.test'] }, 'not to them'),
    ],
  })
  expect((await from('192.0.2.7')).greeting).toBe('554 5.7.1 not your network')
  expect((await from('2001:db8:bad::7')).greeting).toBe('554 5.7.1 not your network')
  const stranger = await from('198.51.100.7')
  expect(await stranger.mail('x@a.bad.test', 'ann@here.test')).toBe('550 5.7.1 not that domain')
  expect(await stranger.mail('x@bad.test', 'ann@here.test')).toBe('550 5.7.1 not that domain')
  expect(await stranger.mail('CEO@here.test', 'ann@here.test')).toBe('550 5.7.1 not that sender')
  expect(await stranger.mail('x@good.test', 'secret@here.test')).toBe('550 5.7.1 not that mailbox')
  expect(await stranger.mail('x@good.test', 'ann@here.test')).toBe('250 2.1.5 recipient ok')
  const inside = await from('10.1.2.3')
  expect(await inside.mail('ann@here.test', 'x@a.rival.test')).toBe('550 5.7.1 not to them')
})

test('EX-31 nothing is delivered to an address that is denied, also where a name leads to it', async () => {
  const port = await freePort()
  const { gateway, from } = await open({
    localMx: { 'here.test': 'deliver', '*': { host: `127.0.0.9:${port}` } },
    deny: [{ id: 'not-there', when: { destination: ['127.0.0.8/30'] } }],
  })
  const inside = await from('10.1.2.3')
  expect(await inside.send('ann@here.test', 'x@far.test')).toMatch(/^250 2\.0\.0 queued/)
  expect(await gateway.logged('delivery.failed')).toMatchObject({ to: 'x@far.test', status: '5.7.1' })
})

test.skipIf(!peers('nsd'))('MQ-35 a name that turns out to lead back to us is no next hop', async () => {
  const nsd = await startNsd({ 'loop.test': '@ IN A 127.0.0.1\n' })
  const port = await freePort()
  const listeners = { inside: { kind: 'internal', bind: `127.0.0.1:${port}` } }
  const resolver = { servers: [`127.0.0.1:${nsd.port}`], timeout: '2s', attempts: 1 }
  const localMx = { '*': { host: `loop.test:${port}` } }
  const gateway = await startGateway(site({ port, localMx, listeners, resolver }))
  const client = await openClient(port)
  await client.replies(3, 'MAIL FROM:<ann@here.test>', 'RCPT TO:<x@far.test>', 'DATA')
  expect(await client.say('Subject: x', '', 'x', '.')).toMatch(/^250/)
  expect(await gateway.logged('delivery.failed')).toMatchObject({ to: 'x@far.test', status: '5.4.6' })
})

test('MQ-35 where the document itself shows that a route leads back, it is refused', async () => {
  const port = await freePort()
  const folder = tempFolder()
  const config = writeDocument(folder, site({ port, localMx: { '*': { host: `127.0.0.1:${port}` } } }))
  const { code, err } = await mailgw(['check', '--config', config], folder)
  expect(code).toBe(1)
  expect(err).toContain('MG1503')
})

test('MQ-37 an open relay needs a reason and an end, says so at every check, and then it is one', async () => {
  const folder = tempFolder()
  const port = await freePort()
  const bare = writeDocument(folder, site({ port, localMx: {}, relaying: 'open' }))
  expect((await mailgw(['check', '--config', bare], folder)).err).toContain('relaying')
  const relaying = { unsafeOpenRelay: { reason: 'a lab without strangers', until: '2099-12-31' } }
  const { from } = await open({ relaying, trusted: undefined, localMx: { '*': { hold: 'seen' } } })
  expect(await (await from('198.51.100.7')).mail('x@elsewhere.test', 'y@far.test')).toBe('250 2.1.5 recipient ok')
  const past = { unsafeOpenRelay: { ...relaying.unsafeOpenRelay, until: '2020-01-01' } }
  const ended = writeDocument(folder, site({ port, localMx: {}, relaying: past }))
  const { code, err } = await mailgw(['check', '--config', ended], folder)
  expect(code).toBe(1)
  expect(err).toContain('MG1602')
})
