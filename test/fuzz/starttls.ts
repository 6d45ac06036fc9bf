import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { selfSigned } from '../../src/cli/cert/self-signed.ts'
import { Census } from '../../src/ingress/census.ts'
import type { House } from '../../src/ingress/house.ts'
import { Session } from '../../src/ingress/session.ts'
import { systemClock } from '../../src/mail/clock.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { silentLog } from '../../src/mail/log.ts'
import { MemoryInlet, settings, site } from '../ingress/house.ts'
import { contextsFor, tlsSettings } from '../ingress/tls/tls-house.ts'
import { memoryWire } from '../ingress/wire.ts'
import { type FuzzTarget, segments } from './target.ts'

const tls = tlsSettings()
const contexts = await (async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mailgw-fuzz-'))
  try {
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    const made = selfSigned(['mx.example.org'], 90, Date.now())
    writeFileSync(cert, made.certificate)
    writeFileSync(key, made.key)
    return await contextsFor([{ cert, key }], tls)
  } finally {
    rmSync(folder, { recursive: true })
  }
})()

/** What is said in clear text around STARTTLS, by whoever sits between a client and us. */
export const target: FuzzTarget = {
  seeds: [
    'EHLO c.example\r\nSTARTTLS\r\n',
    'EHLO c.example\r\nSTARTTLS\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nx\r\n.\r\n',
    'EHLO c.example\r\nMAIL FROM:<slow@example.com>\r\nRSET\r\nSTARTTLS\r\nNOOP\r\n',
    'EHLO c.example\r\nSTARTTLS \r\nEHLO d.example\r\nSTARTTLS x\r\nQUIT\r\n',
    'STARTTLS\r\n\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00',
    'EHLO c.example\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nBDAT 12\r\n\r\nSTARTTLS\r\nRSET\r\nSTARTTLS\r\n',
  ].map((text) => Buffer.from(text, 'latin1')),
  words: [
    'STARTTLS\r\n',
    'STARTTLS',
    '\r\n',
    'EHLO x\r\n',
    'RSET\r\n',
    '\x16\x03\x01\x02\x00\x01',
    '\x15\x03\x01\x00\x02\x02\x28',
    'NOOP\r\n',
  ],
  async once(input, random) {
    const bugs: unknown[] = []
    const admission = site()
    const inlet = new MemoryInlet()
    let gone = false
    const house: House = {
      settings: { ...settings(), tls },
      admission: () => admission,
      inlet,
      census: new Census(),
      log: { ...silentLog, error: (event, fields) => void bugs.push([event, fields]) },
      clock: systemClock,
      tls: contexts,
      draining: false,
    }
    const wire = memoryWire((socket) =>
      new Session(house, socket, '192.0.2.9' as IpAddress, 1, () => (gone = true)).open(),
    )
    for (const segment of segments(input, random)) if (!gone) await wire.send(segment)
    wire.end()
    for (let turns = 0; !gone && !wire.closed(); turns++) {
      assert.ok(turns < 2000, 'the session ends when its client has ended')
      await new Promise((resolve) => setImmediate(resolve))
    }
    wire.destroy()
    for (let turns = 0; !gone && turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(gone, 'nothing is left of the session')
    assert.deepEqual(bugs, [])
    // Nothing that was said in clear text is answered once TLS was agreed on: neither in clear text nor under it.
    const came = wire.came()
    const at = came.indexOf('220 2.0.0 begin the handshake\r\n')
    const after = at < 0 ? '' : came.slice(at + '220 2.0.0 begin the handshake\r\n'.length)
    assert.doesNotMatch(after, /[2-5]\d\d[ -]/, 'a reply in clear text behind the handshake')
    if (after !== '') assert.ok(after.startsWith('\x15\x03') || after.startsWith('\x16\x03'), 'records of TLS alone')
  },
}
