import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { selfSigned } from '../../src/cli/cert/self-signed.ts'
import { readPair } from '../../src/ingress/tls/certificate.ts'
import { peers, tempFolder } from '../support/peer.ts'
import { runHere } from './run-here.ts'

const now = Date.UTC(2030, 5, 1)

describe('a certificate that vouches for itself', () => {
  test('is for the names that it was made for, and signed by its own key', () => {
    const { certificate, key } = selfSigned(['mx.example.org', '*.example.net', '192.0.2.1', '2001:db8::1'], 90, now)
    const read = new X509Certificate(certificate)
    expect(read.subject).toBe('CN=mx.example.org')
    expect(read.subjectAltName).toBe(
      'DNS:mx.example.org, DNS:*.example.net, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1',
    )
    expect(read.verify(read.publicKey)).toBe(true)
    expect(read.ca).toBe(false)
    expect(Date.parse(read.validTo) - now).toBe(90 * 86_400_000)
    expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/)
    expect(new X509Certificate(selfSigned(['a.example'], 1, now).certificate).serialNumber).not.toBe(read.serialNumber)
  })

  test('may be valid beyond 2049, where times are written in another way', () => {
    const far = new X509Certificate(selfSigned(['a.example'], 3650, Date.UTC(2049, 0, 1)).certificate)
    expect(far.validTo).toMatch(/2058 GMT$/)
  })

  test.skipIf(!peers('openssl'))('is in order for openssl too', () => {
    const file = join(tempFolder(), 'cert.pem')
    writeFileSync(file, selfSigned(['mx.example.org'], 90, Date.now()).certificate)
    const verified = spawnSync('openssl', [
      'verify',
      '-x509_strict',
      '-CAfile',
      file,
      '-verify_hostname',
      'mx.example.org',
      file,
    ])
    expect(verified.stdout.toString()).toBe(`${file}: OK\n`)
  })
})

describe('mailgw cert self-signed', () => {
  test('writes a pair that a listener can use, the key for nobody else to read', async () => {
    const folder = join(tempFolder(), 'certs')
    const { code, out } = await runHere([
      'cert',
      'self-signed',
      '--name',
      'mx.example.org,localhost',
      '--out',
      folder,
      '--json',
    ])
    expect(code).toBe(0)
    const made = JSON.parse(out)
    expect(made).toMatchObject({
      names: ['mx.example.org', 'localhost'],
      certificate: join(folder, 'mx.example.org.pem'),
    })
    expect(statSync(made.key).mode & 0o777).toBe(0o600)
    const pair = await readPair({ name: 'lab', certificate: made.certificate, key: made.key })
    expect(pair).toMatchObject({ names: ['mx.example.org', 'localhost'], open: false })
    expect(made.sha256).toBe(
      new X509Certificate(readFileSync(made.certificate)).fingerprint256.replaceAll(':', '').toLowerCase(),
    )
  })

  test('leaves files that are there alone, unless it is told to replace them', async () => {
    const folder = tempFolder()
    const args = ['cert', 'self-signed', '--name', 'a.example', '--out', folder]
    expect((await runHere(args)).code).toBe(0)
    const before = readFileSync(join(folder, 'a.example.key'), 'utf8')
    const again = await runHere(args)
    expect(again).toMatchObject({ code: 1 })
    expect(again.err).toContain('is there already; --force replaces it')
    expect(readFileSync(join(folder, 'a.example.key'), 'utf8')).toBe(before)
    expect((await runHere([...args, '--force'])).code).toBe(0)
    expect(readFileSync(join(folder, 'a.example.key'), 'utf8')).not.toBe(before)
    expect(statSync(join(folder, 'a.example.key')).mode & 0o777).toBe(0o600)
  })

  test('refuses what is no name and no number of days', async () => {
    for (const args of [
      [],
      ['--name', '../etc'],
      ['--name', 'a b'],
      ['--name', 'a.example', '--days', '0'],
      ['--name', 'a.example', '--days', 'x'],
    ]) {
      const { code, err } = await runHere(['cert', 'self-signed', ...args])
      expect(code).toBe(1)
      expect(err).toMatch(/--(?:name|days): expected /)
    }
  })
})
