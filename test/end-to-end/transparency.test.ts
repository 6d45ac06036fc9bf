// Every octet of a message, as it goes through a whole gateway: more than the 157 shapes that others were held against.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startGateway, until } from '../support/gateway.ts'
import { freePort, peers, startPeer, tempFolder } from '../support/peer.ts'
import { startRecorder } from '../support/recorder.ts'
import { openClient } from './client.ts'
import { type Shape, shapes, strangeShapes } from './shapes.ts'
import { site } from './site.ts'

const all: readonly Shape[] = [...shapes, ...strangeShapes(110)]
const small = all.filter(([, content]) => content.length < 100_000)

/** Sends each shape to `N@dst.test`, by DATA or by BDAT. */
async function send(port: number, list: readonly Shape[], by: 'DATA' | 'BDAT'): Promise<void> {
  const client = await openClient(port)
  for (const [n, [name, content]] of list.entries()) {
    const envelope = ['MAIL FROM:<a@src.test> BODY=8BITMIME', `RCPT TO:<${n}@dst.test>`]
    let last: string
    if (by === 'DATA') {
      await client.replies(3, ...envelope, 'DATA')
      client.write(content.replace(/(^|\r\n)\./g, '$1..'))
      last = await client.say('.')
    } else {
      await client.replies(2, ...envelope)
      client.write(`BDAT ${content.length} LAST\r\n${content}`)
      last = await client.reply()
    }
    expect(last, name).toMatch(/^250/)
  }
  client.close()
}

/** What is below the one line that a relay has to add (RFC 5321 §4.4). */
function withoutTrace(octets: Buffer): string {
  const text = octets.toString('latin1')
  const trace = /^Received: from client\.test[^\r\n]*\r\n by [^\r\n]*\r\n for <\S+>; [^\r\n]*\r\n/.exec(text)
  if (trace === null) throw new Error(`no trace line in ${JSON.stringify(text.slice(0, 200))}`)
  return text.slice(trace[0].length)
}

test('there are at least 157 shapes', () => expect(all.length).toBeGreaterThanOrEqual(157))

describe('a message arrives octet for octet', () => {
  const gatewayTo = async (port: number) => {
    const listener = await freePort()
    const relays = { out: { hosts: `127.0.0.1:${port}`, tls: 'off', connections: 4 } }
    await startGateway(site({ port: listener, relays, localMx: { '*': 'relay:out' } }))
    return listener
  }

  test.each([
    ['DATA', 'by BDAT, with all extensions', all, ['PIPELINING', 'CHUNKING', '8BITMIME', 'SIZE']],
    ['BDAT', 'by DATA, with PIPELINING', all, ['PIPELINING', '8BITMIME']],
    ['DATA', 'by DATA, a command at a time', small, ['8BITMIME']],
  ] as const)('that came by %s and leaves %s', async (by, _, list, keywords) => {
    const recorder = await startRecorder(...keywords)
    await send(await gatewayTo(recorder.port), list, by)
    await until('all are there', () => recorder.messages.length === list.length)
    for (const { to, octets } of recorder.messages) {
      const [name, content] = list[Number.parseInt(to[0]!, 10)]!
      // Not `toBe`: of ten megabytes nobody wants to see the difference.
      expect(withoutTrace(octets) === content, name).toBe(true)
    }
    const wanted = keywords.some((word) => word === 'CHUNKING') ? 'BDAT' : 'DATA'
    expect(recorder.messages.some((message) => message.by === wanted)).toBe(true)
  })

  test('whose content is of seven bits, at a host without 8BITMIME, whatever its header', async () => {
    const recorder = await startRecorder('PIPELINING')
    const bodyOf = (content: string) => `\r\n${content}`.split('\r\n\r\n').slice(1).join('\r\n\r\n')
    const ascii = small.filter(([, content]) => /^[\x01-\x7f]*$/.test(bodyOf(content)))
    expect(ascii.length).toBeGreaterThan(60)
    await send(await gatewayTo(recorder.port), ascii, 'DATA')
    await until('all are there', () => recorder.messages.length === ascii.length)
    for (const { to, octets } of recorder.messages) {
      const [name, content] = ascii[Number.parseInt(to[0]!, 10)]!
      expect(withoutTrace(octets) === content, name).toBe(true)
    }
  })

  test.skipIf(!peers('smtp-sink'))("at Postfix's own sink", async () => {
    const folder = tempFolder()
    const port = await freePort()
    await startPeer('smtp-sink', ['-u', 'root', '-d', join(folder, '%M.'), `127.0.0.1:${port}`, '100'], { port })
    const list = small.slice(0, 120)
    await send(await gatewayTo(port), list, 'DATA')
    const dumps = () => readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'))
    const to = (dump: string) => /^X-Rcpt-Args: <(\d+)@dst\.test>/m.exec(dump)?.[1]
    await until('the sink has all', () => dumps().filter((dump) => to(dump) !== undefined).length === list.length)
    for (const dump of dumps()) {
      const [name, content] = list[Number(to(dump))]!
      // The sink has lines of its own, and ends lines with LF.
      const body = dump.slice(dump.indexOf('Received: from client.test'))
      expect(withoutTrace(Buffer.from(body.replaceAll('\n', '\r\n'), 'latin1')).trimEnd(), name).toBe(content.trimEnd())
    }
  })
})

test('content that is not made of lines is refused, and nothing of it arrives: NUL, bare CR, bare LF', async () => {
  const recorder = await startRecorder('CHUNKING', '8BITMIME')
  const port = await freePort()
  const relays = { out: { hosts: `127.0.0.1:${recorder.port}`, tls: 'off' } }
  await startGateway(site({ port, relays, localMx: { '*': 'relay:out' } }))
  for (const bad of ['a\0b', 'a\rb', 'a\nb', '\n.\nMAIL FROM:<x@y.test>', '\r.\r', '\n.\r\n', '\r\n.\n']) {
    const content = `Subject: x\r\n\r\n${bad}\r\n`
    const client = await openClient(port)
    await client.replies(2, 'MAIL FROM:<a@src.test>', 'RCPT TO:<b@dst.test>')
    client.write(`BDAT ${content.length} LAST\r\n${content}`)
    expect(await client.reply(), JSON.stringify(bad)).toMatch(/^5\d\d /)
    client.close()
  }
  const client = await openClient(port)
  await client.replies(3, 'MAIL FROM:<a@src.test>', 'RCPT TO:<last@dst.test>', 'DATA')
  await client.say('Subject: x', '', 'ok', '.')
  await until('the last one is there', () => recorder.messages.length > 0)
  expect(recorder.messages.map(({ to }) => to)).toEqual([['last@dst.test']])
})
