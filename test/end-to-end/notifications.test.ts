import { expect, test } from 'vitest'
import { startGateway, until } from '../support/gateway.ts'
import { freePort, peers } from '../support/peer.ts'
import { startSink } from '../support/sink.ts'
import { openClient, sendMessage } from './client.ts'
import { maildir, received, site } from './site.ts'

test.skipIf(!peers('cc'))('a recipient that the next hop refuses is notified to the sender by RFC 3464', async () => {
  const refusing = await startSink('--refuse', 'rcpt:550:1')
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: { '*': `127.0.0.1:${refusing.port}` } }))
  await sendMessage(
    await openClient(port),
    'ann@here.test',
    'nobody@dst.test',
    'Subject: the original\r\n\r\nlost body\r\n',
  )

  const [text] = await received(gateway.stateDir, 'ann@here.test')
  expect(text).toMatch(/^Return-Path: <>$/m)
  expect(text).toMatch(/^Content-Type: multipart\/report;[\s\S]*?report-type="?delivery-status"?/m)
  expect(text).toMatch(/^To: .*ann@here\.test/m)
  expect(text).toMatch(/^Auto-Submitted: auto-replied/m)
  expect(text).toMatch(/^Reporting-MTA: dns; ?gateway\.test$/m)
  expect(text).toMatch(/^Final-Recipient: rfc822; ?nobody@dst\.test$/m)
  expect(text).toMatch(/^Action: failed$/m)
  expect(text).toMatch(/^Status: 5\.7\.1$/m)
  expect(text).toMatch(/^Diagnostic-Code: smtp; ?550 5\.7\.1 refused on purpose/m)
  expect(text).toContain('Subject: the original')
  await until('nothing is queued', async () => (await gateway.queue()).length === 0)
})

test('a recipient that is not reached before it expires is notified to the sender, seconds after by such a document', async () => {
  const [port, dead] = [await freePort(), await freePort()]
  const gateway = await startGateway(
    site({ port, localMx: { '*': `127.0.0.1:${dead}` }, retry: { schedule: ['1s'], expireAfter: '3s' } }),
  )
  const sentAt = Date.now()
  await sendMessage(await openClient(port), 'ann@here.test', 'late@dst.test')
  const [text] = await received(gateway.stateDir, 'ann@here.test')
  expect(Date.now() - sentAt).toBeGreaterThanOrEqual(2900)
  expect(text).toMatch(/^Final-Recipient: rfc822; ?late@dst\.test$/m)
  expect(text).toMatch(/^Action: failed$/m)
  expect(text).toMatch(/^Status: [45]\.4\.\d$/m)
  await until('nothing is queued', async () => (await gateway.queue()).length === 0)
})

test.skipIf(!peers('cc'))('nobody is notified about a message with the null reverse-path', async () => {
  const refusing = await startSink('--refuse', 'rcpt:550:1')
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: { '*': `127.0.0.1:${refusing.port}` } }))
  const client = await openClient(port)
  const id = await sendMessage(client, '', 'nobody@dst.test')
  await gateway.logged('delivery.failed', (line) => line['id'] === id)
  await until('nothing is queued', async () => (await gateway.queue()).length === 0)
  // Had one been made, it would be here before a message that is sent after it.
  await sendMessage(client, 'x@src.test', 'postmaster@here.test')
  await received(gateway.stateDir, 'postmaster@here.test')
  expect(maildir(gateway.stateDir, 'postmaster@here.test')).toHaveLength(1)
  expect((await refusing.counts()).messages).toBe(0)
})

test.skipIf(!peers('cc'))(
  'one refused recipient of two fails alone: the other is delivered, and the notification names one',
  async () => {
    const refusing = await startSink('--refuse', 'rcpt:550:2')
    const port = await freePort()
    const gateway = await startGateway(site({ port, localMx: { '*': `127.0.0.1:${refusing.port}` } }))
    await sendMessage(await openClient(port), 'ann@here.test', ['good@dst.test', 'bad@dst.test'])
    const [text] = await received(gateway.stateDir, 'ann@here.test')
    expect([...text!.matchAll(/^Final-Recipient: .*$/gm)].map(String)).toEqual([
      expect.stringContaining('bad@dst.test'),
    ])
    expect(await refusing.counts()).toMatchObject({ messages: 1, recipients: 1 })
  },
)
