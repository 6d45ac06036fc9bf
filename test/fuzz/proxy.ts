import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { type Announced, readProxyHeader } from '../../src/ingress/proxy/announced.ts'
import { longestHeader, parseProxyHeader } from '../../src/ingress/proxy/header.ts'
import { parseIp } from '../../src/mail/ip.ts'
import { binaryHeader, field } from '../ingress/proxy/binary-header.ts'
import { type FuzzTarget, segments } from './target.ts'

/** What stands at the beginning of a connection from a balancer. */
export const target: FuzzTarget = {
  seeds: [
    Buffer.from('PROXY TCP4 192.0.2.7 10.0.0.1 56324 25\r\nEHLO c.example\r\n'),
    Buffer.from('PROXY TCP6 2001:db8::7 ::ffff:10.0.0.1 1 65535\r\n'),
    Buffer.from('PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n'),
    binaryHeader({}),
    binaryHeader({
      source: '2001:db8::7',
      fields: Buffer.concat([field(2, 'mx.example'), field(0x20, '\x01\0\0\0\0')]),
    }),
    binaryHeader({ command: 0x20, form: 0, addresses: '' }),
    Buffer.concat([binaryHeader({ fields: field(4, 'x'.repeat(300)) }), Buffer.from('EHLO c.example\r\n')]),
  ],
  words: [
    'PROXY ',
    'TCP4 ',
    'UNKNOWN',
    '\r\n',
    '\r\n\r\n\0\r\nQUIT\n',
    '\x21\x11\0\x0c',
    '\xff\xff',
    '0',
    '::',
    '255.255.255.255 ',
  ],
  async once(input, random) {
    const want = parseProxyHeader(input)
    if (want?.ok) {
      const { value } = want
      assert.ok(value.bytes > 0 && value.bytes <= Math.min(input.length, longestHeader), 'as long as it is')
      assert.deepEqual(parseProxyHeader(input.subarray(0, value.bytes)), want, 'what follows is not looked at')
      if (value.kind === 'client') {
        assert.deepEqual(parseIp(value.client), { ok: true, value: value.client }, 'an address in its one form')
        assert.ok(value.port >= 0 && value.port <= 65_535)
      }
    }
    // In segments, through a socket, it is the same, and nothing behind it is lost.
    const { found, failed } = await through(segments(input, random))
    if (want === null) assert.ok(found === null && failed !== null, 'half a header is an error at the end')
    else if (!want.ok) assert.ok(found === null && failed !== null, 'a wrong header is an error')
    else {
      assert.deepEqual(found?.header, want.value)
      assert.ok(input.subarray(want.value.bytes).subarray(0, found!.rest.length).equals(found!.rest), 'the rest')
    }
  },
}

async function through(said: readonly Buffer[]): Promise<{ found: Announced | null; failed: string | null }> {
  let found: Announced | null = null
  let failed: string | null = null
  let answers = 0
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  const timers = new Set<() => void>()
  const clock = {
    now: () => 0,
    setTimeout(callback: () => void) {
      timers.add(callback)
      return { cancel: () => void timers.delete(callback) }
    },
  }
  readProxyHeader(socket as unknown as Socket, 1000, clock, {
    done: (announced) => {
      found = announced
      answers++
    },
    failed: (why) => {
      failed = why
      answers++
    },
  })
  for (const segment of said) {
    socket.push(Buffer.from(segment))
    await new Promise((resolve) => setImmediate(resolve))
    if (answers > 0) break
  }
  if (answers === 0) {
    socket.push(null)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal(answers, 1, 'one outcome')
  assert.equal(timers.size, 0, 'no timer is left')
  socket.destroy()
  return { found, failed }
}
