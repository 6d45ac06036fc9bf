import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compare, deliveries } from '../../bench/support/pairs.js'
import { startLoad } from '../support/load.ts'
import { peers, tempFolder } from '../support/peer.ts'
import { startSink } from '../support/sink.ts'
import { openClient } from './client.ts'

// The yardstick is held to its own rule first: a sink that miscounts would prove anything.
const compiler = peers('cc')

const transaction = (id: string, ...recipients: string[]) =>
  `MAIL FROM:<a@src.test>\r\n${recipients.map((to) => `RCPT TO:<${to}>\r\n`).join('')}DATA\r\n` +
  `Subject: x\r\nMessage-Id: <${id}>\r\n\r\n..stuffed\r\nbody\r\n.\r\n`

test.skipIf(!compiler)('the sink counts the same whatever the segments are', async () => {
  const sink = await startSink()
  const whole = await openClient(sink.port)
  whole.write(transaction('one@test', 'b@dst.test', 'c@dst.test'))
  for (let i = 0; i < 5; i++) await whole.reply()
  const octet = await openClient(sink.port)
  for (const one of transaction('two@test', 'b@dst.test', 'c@dst.test')) {
    octet.write(one)
    await new Promise((resolve) => setImmediate(resolve))
  }
  for (let i = 0; i < 5; i++) await octet.reply()
  expect(await sink.counts()).toMatchObject({ messages: 2, recipients: 4, unique: 4, duplicates: 0, octets: 2 * 55 })
})

test.skipIf(!compiler)('the sink counts a message that comes twice as a duplicate, for each recipient', async () => {
  const sink = await startSink()
  const client = await openClient(sink.port)
  for (const recipients of [['b@dst.test', 'c@dst.test'], ['c@dst.test'], ['d@dst.test']]) {
    client.write(transaction('same@test', ...recipients))
    for (let i = 0; i < recipients.length + 3; i++) await client.reply()
  }
  expect(await sink.counts()).toMatchObject({ messages: 3, recipients: 4, unique: 3, duplicates: 1 })
})

test.skipIf(!compiler)('the sink ends a message at CRLF.CRLF alone, at the very start too', async () => {
  const sink = await startSink()
  const client = await openClient(sink.port)
  await client.replies(3, 'MAIL FROM:<a@src.test>', 'RCPT TO:<b@dst.test>', 'DATA')
  client.write('a\n.\nb\r\n.\nc\n.\r\nd')
  expect((await sink.counts()).messages).toBe(0)
  expect(await client.say('', '.')).toMatch(/^250/)
  await client.replies(3, 'MAIL FROM:<a@src.test>', 'RCPT TO:<b@dst.test>', 'DATA')
  expect(await client.say('.')).toMatch(/^250/)
  expect(await sink.counts()).toMatchObject({ messages: 2, open: 1 })
})

test.skipIf(!compiler)('the sink takes BDAT in pieces when it offers CHUNKING', async () => {
  const sink = await startSink('--chunking')
  const client = await openClient(sink.port)
  await client.replies(2, 'MAIL FROM:<a@src.test>', 'RCPT TO:<b@dst.test>')
  client.write('BDAT 12\r\nMessage-Id: BDAT 9\r\n<x@y>\r\n\r\nBDAT 0 LAST\r\n')
  for (let i = 0; i < 3; i++) expect(await client.reply()).toMatch(/^250/)
  expect(await sink.counts()).toMatchObject({ messages: 1, octets: 21 })
})

test.skipIf(!compiler)('the sink refuses every Nth command and delays its answers when it is told to', async () => {
  const refusing = await startSink('--refuse', 'rcpt:450:2')
  const client = await openClient(refusing.port)
  const replies = await client.replies(4, 'MAIL FROM:<a@src.test>', 'RCPT TO:<b@x.test>', 'RCPT TO:<c@x.test>', 'RSET')
  expect(replies.map((reply) => reply.slice(0, 3))).toEqual(['250', '250', '450', '250'])
  expect((await refusing.counts()).refused).toBe(1)

  const slow = await startSink('--delay', 200)
  const started = performance.now()
  const waiting = await openClient(slow.port)
  // The command behind the delayed message waits with it.
  await waiting.replies(5, ...transaction('slow@test', 'b@x.test').split('\r\n').slice(0, -1), 'NOOP')
  expect(performance.now() - started).toBeGreaterThanOrEqual(199)
})

test.skipIf(!compiler)(
  'a load knows what was acknowledged, and the comparison sees what is lost or doubled',
  async () => {
    const pairs = join(tempFolder(), 'pairs')
    const sink = await startSink('--pairs', pairs)
    const load = startLoad({ port: sink.port, sessions: 5, count: 200, name: 'check' })
    await load.done
    expect(load.acknowledged.size).toBe(200)
    await sink.stop()
    const counts = deliveries(pairs)
    expect(compare(load, counts)).toMatchObject({ acknowledged: 200, lost: 0, doubled: 0, unknown: 0 })
    counts.delete('<check.7@load.test>')
    counts.set('<check.8@load.test>', 2)
    expect(compare(load, counts)).toMatchObject({ lost: 1, firstLost: '<check.7@load.test>', doubled: 1 })
  },
)
