import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { speakLdap } from '../../src/credentials/ldap/connection.ts'
import { parseLdapUrl } from '../../src/credentials/ldap/dial.ts'
import { LdapLine } from '../../src/credentials/ldap/line.ts'
import { type FuzzTarget, segments } from './target.ts'

const server = parseLdapUrl('ldap://localhost')
/** The library numbers its questions from 2. */
const entry = Buffer.from(
  '302c0201026427040a7569643d616c6963653019301704046d61696c310f040d616c696365406578616d706c',
  'hex',
)
const done = Buffer.from('300c02010265070a010004000400', 'hex')
const noSuchObject = Buffer.from('300c02010265070a012004000400', 'hex')
const reference = Buffer.from('30160201027311040f6c6461703a2f2f782f64633d782f78', 'hex')

/** What a directory answers to a search. */
export const target: FuzzTarget = {
  seeds: [done, noSuchObject, Buffer.concat([entry, done]), Buffer.concat([entry, entry, done]), entry, reference],
  words: [
    '\x30\x0c',
    '\x02\x01\x02',
    '\x64',
    '\x65\x07',
    '\x0a\x01\0',
    '\x04\0',
    '\x31',
    '\x30\x84\0\0\xff\xff',
    '\x30\x80',
  ],
  async once(input, random) {
    const socket = new Duplex({ read() {}, write: (_chunk, _encoding, written) => written() })
    const connection = await speakLdap(server, new LdapLine(socket as unknown as Socket))
    const search = { base: 'dc=x', scope: 'sub', filter: '(uid=alice)', attributes: ['mail'] } as const
    let outcomes = 0
    const asked = connection.search(search).then(
      (entries) => {
        outcomes++
        for (const { dn } of entries) assert.equal(typeof dn, 'string')
      },
      (error) => {
        outcomes++
        assert.ok(error instanceof Error && error.message.startsWith('ldap://localhost: search '), 'a reason')
        assert.ok(!error.message.includes('\n'), 'in one line')
      },
    )
    for (const segment of segments(input, random)) {
      socket.push(Buffer.from(segment))
      await new Promise((resolve) => setImmediate(resolve))
    }
    socket.push(null)
    await asked
    assert.equal(outcomes, 1, 'one outcome')
    for (let turns = 0; connection.isOpen && turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(connection.isOpen, false, 'nothing is kept of a line that has ended')
  },
}
