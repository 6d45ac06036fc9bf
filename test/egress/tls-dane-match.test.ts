import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { TLSSocket } from 'node:tls'
import { describe, expect, test } from 'vitest'
import type { TlsaRecord } from '../../src/dns/record-type.ts'
import { daneMismatch, usableRecords } from '../../src/egress/tls-policy/dane-match.ts'
import { failureOf } from '../../src/egress/tls-policy/peer-check.ts'
import { authority } from '../support/certificates.ts'
import { peers, tempFolder } from '../support/peer.ts'

/** The record that a certificate has in a zone. */
function recordOf(certificate: X509Certificate, usage: number, selector: number, matching: number): TlsaRecord {
  const octets = selector === 0 ? certificate.raw : certificate.publicKey.export({ type: 'spki', format: 'der' })
  const data =
    matching === 0
      ? octets
      : createHash(matching === 1 ? 'sha256' : 'sha512')
          .update(octets)
          .digest()
  return { usage, selector, matching, data }
}

function site(days?: string) {
  const folder = tempFolder()
  const ca = authority(folder, 'lab')
  const other = authority(folder, 'other')
  const read = (file: string) => new X509Certificate(readFileSync(file))
  return {
    own: read(ca.sign('mx', '/CN=mx', days, ['mx1.dst.test']).cert),
    issuer: read(ca.cert),
    stranger: read(other.cert),
  }
}

const now = () => Date.now()
const names = ['mx1.dst.test', 'dst.test']

describe.skipIf(!peers('openssl'))('DANE: a certificate against TLSA records (RFC 7672 §3)', () => {
  for (const selector of [0, 1]) {
    for (const matching of [0, 1, 2]) {
      test(`3 ${selector} ${matching}: the very certificate, or its key`, () => {
        const { own, issuer, stranger } = site()
        const record = recordOf(own, 3, selector, matching)
        expect(daneMismatch([own, issuer], [record], names, now())).toBeNull()
        expect(daneMismatch([own], [recordOf(stranger, 3, selector, matching)], names, now())).toMatchObject({
          type: 'validation-failure',
        })
      })

      test(`2 ${selector} ${matching}: an authority of the chain, and a name`, () => {
        const { own, issuer, stranger } = site()
        const record = recordOf(issuer, 2, selector, matching)
        expect(daneMismatch([own, issuer], [record], names, now())).toBeNull()
        expect(daneMismatch([own, issuer], [recordOf(stranger, 2, selector, matching)], names, now())).not.toBeNull()
        expect(daneMismatch([own, issuer], [record], ['mx2.dst.test'], now())).toMatchObject({
          type: 'certificate-host-mismatch',
        })
      })
    }
  }

  test('usage 3 asks for no name and no date (§3.1.1)', () => {
    const { own } = site()
    const record = recordOf(own, 3, 1, 1)
    expect(daneMismatch([own], [record], ['other.test'], now() + 40 * 365 * 86_400_000)).toBeNull()
  })

  test('usage 2 asks for valid dates', () => {
    const { own, issuer } = site()
    const record = recordOf(issuer, 2, 1, 1)
    expect(daneMismatch([own, issuer], [record], names, now() + 40 * 365 * 86_400_000)).toMatchObject({
      type: 'certificate-expired',
    })
  })

  test('an authority that is not sent counts where the record has it whole, as certificate or as key', () => {
    const { own, issuer } = site()
    expect(daneMismatch([own], [recordOf(issuer, 2, 0, 0)], names, now())).toBeNull()
    expect(daneMismatch([own], [recordOf(issuer, 2, 1, 0)], names, now())).toBeNull()
    expect(daneMismatch([own], [recordOf(issuer, 2, 0, 1)], names, now())).not.toBeNull()
  })

  test("an authority's certificate that was only put into the chain has signed nothing", () => {
    const { own, stranger } = site()
    expect(daneMismatch([own, stranger], [recordOf(stranger, 2, 0, 1)], names, now())).toMatchObject({
      type: 'validation-failure',
    })
  })

  test('a host certificate is no authority: who has one cannot make another', () => {
    const { own, issuer } = site()
    // Usage 2 that names the host's certificate itself.
    expect(daneMismatch([own, issuer], [recordOf(own, 2, 0, 1)], names, now())).not.toBeNull()
  })

  test('one of several records is enough, as while a certificate is renewed', () => {
    const { own, stranger } = site()
    expect(daneMismatch([own], [recordOf(stranger, 3, 1, 1), recordOf(own, 3, 1, 1)], names, now())).toBeNull()
  })

  test('no certificate is none', () => {
    const { own } = site()
    expect(daneMismatch([], [recordOf(own, 3, 1, 1)], names, now())).not.toBeNull()
  })

  test('usages 0 and 1, unknown numbers and hashes of another length mean nothing (§3.1.3)', () => {
    const record = (usage: number, selector: number, matching: number, octets: number): TlsaRecord => ({
      usage,
      selector,
      matching,
      data: Buffer.alloc(octets),
    })
    const useless = [
      record(0, 1, 1, 32),
      record(1, 1, 1, 32),
      record(4, 1, 1, 32),
      record(3, 2, 1, 32),
      record(3, 1, 3, 32),
      record(3, 1, 1, 31),
      record(3, 1, 2, 32),
      record(3, 1, 0, 0),
    ]
    expect(usableRecords([...useless, record(3, 1, 1, 32)])).toHaveLength(1)
  })

  test('more records than anybody has are not all looked at', () => {
    const record = { usage: 2, selector: 1, matching: 0, data: Buffer.from('junk') }
    expect(usableRecords(Array(600).fill(record))).toHaveLength(20)
  })

  test('octets that are no certificate and no key are no authority, and do no harm', () => {
    const { own } = site()
    const junk = (selector: number): TlsaRecord => ({ usage: 2, selector, matching: 0, data: Buffer.from('junk') })
    expect(daneMismatch([own], [junk(0), junk(1)], names, now())).toMatchObject({ type: 'validation-failure' })
  })
})

test('a certificate that cannot be read is a failure and no exception: its owner is who we talk to', () => {
  const socket = {
    getPeerCertificate: () => {
      const leaf = { raw: Buffer.from('no certificate'), issuerCertificate: undefined as unknown }
      leaf.issuerCertificate = leaf
      return leaf
    },
  }
  const records = [{ usage: 3, selector: 1, matching: 1, data: Buffer.alloc(32) }]
  const failure = failureOf(socket as unknown as TLSSocket, { kind: 'dane', records, names: [] }, 0)
  expect(failure).toMatchObject({ type: 'validation-failure', detail: expect.stringContaining('cannot be read') })
})
