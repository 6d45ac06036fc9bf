import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hashMailbox, readKey } from '../../src/admin/envelope-hash.ts'
import type { KnownMessage } from '../../src/admin/operations.ts'
import { type EnvelopeRecord, parseEnvelopeLine } from '../../src/mail/envelope-record.ts'
import { type Running, startGateway, until } from '../support/gateway.ts'
import { freePort } from '../support/peer.ts'
import { openClient, sendMessage } from './client.ts'
import { received, site } from './site.ts'

/** Every domain has a route, and nothing leaves. */
const nowhere = { '*': { reject: { code: 550, text: '5.1.2 no way there' } } }

const call = (gateway: Running, path: string): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const sent = request({ socketPath: join(gateway.stateDir, 'admin.sock'), path }, (got) => {
      let text = ''
      got.setEncoding('utf8')
      got.on('data', (piece: string) => (text += piece))
      got.on('end', () => resolve({ status: got.statusCode ?? 0, text }))
    })
    sent.on('error', reject)
    sent.end()
  })

async function records(gateway: Running, query = ''): Promise<EnvelopeRecord[]> {
  const { text } = await call(gateway, `/v1/envelopes${query}`)
  return text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => parseEnvelopeLine(line))
}

const folderOf = (gateway: Running): string => join(gateway.stateDir, 'envelopes')

test('each decision is one record: what came, what was answered, what decided, and the id of what was stored', async () => {
  const port = await freePort()
  const document = site({
    port,
    localMx: { ...nowhere, 'closed.test': { reject: { code: 550, text: '5.1.2 closed' } } },
    deny: [{ when: { client: '127.0.0.2' } }],
  })
  const gateway = await startGateway(document)
  const { graph } = await gateway.status()
  const begun = Date.now()
  const client = await openClient(port)
  const id = await sendMessage(client, 'a@src.test', ['ann@here.test', 'bob@here.test'])
  expect(await client.say('MAIL FROM:<> SIZE=1234')).toMatch(/^250/)
  expect(await client.say('RCPT TO:<x@closed.test>')).toMatch(/^550/)
  expect(await client.say('RCPT TO:<carl@here.test>')).toMatch(/^250/)
  expect(await client.say('RSET')).toMatch(/^250/)
  await expect(openClient(port, '127.0.0.2')).rejects.toThrow(/55/)

  const common = { listener: 'inside', client: '127.0.0.1', answers: {}, graph }
  const stored = { ...common, from: 'a@src.test', verdict: 'accepted', stage: 'data', code: 250, id, hops: 0 }
  const all = await records(gateway)
  expect(all).toMatchObject([
    { ...stored, to: 'ann@here.test', size: 24 },
    { ...stored, to: 'bob@here.test', size: 24 },
    { ...common, from: '<>', to: 'x@closed.test', verdict: 'refused', stage: 'rcpt', code: 550, size: 1234, id: null },
    { ...common, from: '<>', to: 'carl@here.test', verdict: 'accepted', stage: 'rcpt', size: 1234, id: null },
    { ...common, client: '127.0.0.2', from: null, to: null, verdict: 'refused', stage: 'connect', code: 554 },
  ])
  expect(all[2]!.at).toMatch(/^localMx\["closed.test"\] \(mailgw.config.json:\d+:\d+\)$/)
  expect(all.every(({ time }) => time >= begun && time <= Date.now())).toBe(true)
  expect(await records(gateway, `?since=${all[2]!.time}`)).toEqual(all.filter(({ time }) => time >= all[2]!.time))
  expect(await records(gateway, `?until=${begun}`)).toEqual([])
  expect((await call(gateway, '/v1/envelopes?since=yesterday')).status).toBe(400)

  // Also after the message is gone from the queue.
  await received(gateway.stateDir, 'ann@here.test')
  await until('nothing waits', async () => (await gateway.queue()).length === 0)
  const known = JSON.parse((await call(gateway, `/v1/messages/${id}`)).text) as KnownMessage
  expect(known).toMatchObject({ id, queued: null, decisions: [{ to: 'ann@here.test' }, { to: 'bob@here.test' }] })
  expect((await call(gateway, '/v1/messages/0000000000000')).status).toBe(404)
})

test('content that the document refuses is told of every recipient', async () => {
  const port = await freePort()
  const gateway = await startGateway(
    site({
      port,
      localMx: nowhere,
      deny: [{ id: 'big', when: { size: { over: '1KB' } }, then: { reject: { code: 552, text: '5.3.4 too big' } } }],
    }),
  )
  const client = await openClient(port)
  await client.replies(3, 'MAIL FROM:<a@src.test>', 'RCPT TO:<ann@here.test>', 'RCPT TO:<bob@here.test>')
  expect(await client.say('DATA')).toMatch(/^354/)
  expect(await client.say(...Array.from({ length: 50 }, () => 'x'.repeat(60)), '.')).toMatch(/^552/)
  const all = await records(gateway)
  expect(all).toMatchObject([
    { to: 'ann@here.test', verdict: 'refused', stage: 'data', code: 552, id: null, size: 3100 },
    { to: 'bob@here.test', verdict: 'refused', stage: 'data', code: 552 },
  ])
  expect(all[0]!.at).toContain('deny')
})

test('local parts are hashed when the document says so, from the apply on, and off keeps nothing', async () => {
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: nowhere }))
  const client = await openClient(port)
  await sendMessage(client, 'a@src.test', 'ann@here.test')
  const hashed = await gateway.apply(site({ port, localMx: nowhere, envelopeLog: { localParts: 'hashed' } }))
  expect(hashed, hashed.err).toMatchObject({ code: 0 })
  await sendMessage(client, 'a@src.test', ['Ann@here.test', 'postmaster@here.test'])
  const off = await gateway.apply(site({ port, localMx: nowhere, envelopeLog: 'off' }))
  expect(off, off.err).toMatchObject({ code: 0 })
  await sendMessage(client, 'a@src.test', 'bob@here.test')

  const [plain, first, second, ...more] = await records(gateway)
  expect(more).toEqual([])
  expect(plain).toMatchObject({ from: 'a@src.test', to: 'ann@here.test' })
  const key = await readKey(join(folderOf(gateway), 'key'))
  expect(first).toMatchObject({
    hashed: true,
    from: hashMailbox(key, 'a@src.test'),
    to: hashMailbox(key, 'ann@here.test'),
  })
  expect(first!.to).toMatch(/^~[0-9a-f]{16}@here\.test$/)
  expect(second!.to).toBe('postmaster@here.test')
})

test('an ordered stop writes what is in memory', async () => {
  const port = await freePort()
  const gateway = await startGateway(site({ port, localMx: nowhere }))
  const client = await openClient(port)
  await sendMessage(client, 'a@src.test', 'ann@here.test')
  client.close()
  gateway.signal('SIGTERM')
  expect(await gateway.ended).toBe(0)
  const [name] = readdirSync(folderOf(gateway)).filter((one) => one.endsWith('.ndjson'))
  expect(parseEnvelopeLine(readFileSync(join(folderOf(gateway), name!), 'utf8'))).toMatchObject([
    { to: 'ann@here.test' },
  ])
})
