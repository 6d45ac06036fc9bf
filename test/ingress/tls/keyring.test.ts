import { chmodSync, copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { selfSigned } from '../../../src/cli/cert/self-signed.ts'
import { type Keyring, type KeyringControl, openKeyring } from '../../../src/ingress/tls/keyring.ts'
import type { Clock } from '../../../src/mail/clock.ts'
import type { Log, LogFields } from '../../../src/mail/log.ts'
import { openHouse, settings } from '../house.ts'
import { until } from '../wire.ts'
import { tlsSettings, tlsWire } from './tls-house.ts'

// MR-14: certificates are read before an apply, and renewed without a restart.

const dayMs = 86_400_000
let folder: string
let now: number
let timers: (() => void)[]
let lines: (readonly [level: string, event: string, fields: LogFields | undefined])[]
let keyring: Keyring

const clock: Clock = {
  now: () => now,
  setTimeout(callback) {
    timers.push(callback)
    return { cancel: () => void (timers = timers.filter((one) => one !== callback)) }
  },
}
const into = (level: string) => (event: string, fields?: LogFields) => void lines.push([level, event, fields])
const log: Log = { debug: into('debug'), info: into('info'), warn: into('warn'), error: into('error') }

/** Writes a pair and gives its settings. */
function pair(name: string, host: string, days = 90) {
  const made = selfSigned([host], days, now)
  const files = { name, certificate: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) }
  writeFileSync(files.certificate, made.certificate)
  writeFileSync(files.key, made.key, { mode: 0o600 })
  return files
}

const control = (certificates: KeyringControl['certificates'] & {}, over = {}): KeyringControl => ({
  certificates,
  listeners: [{ ...settings(), tls: tlsSettings({ certificates: certificates.map(({ name }) => name), ...over }) }],
})

/** Looks as the timer would, and waits until that is over. */
const look = () => keyring.refresh()
const told = (event: string) => lines.filter(([, one]) => one === event)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailgw-keyring-'))
  now = Date.now()
  timers = []
  lines = []
  keyring = openKeyring({ clock, log })
  onTestFinished(() => {
    keyring.close()
    rmSync(folder, { recursive: true, force: true })
  })
})

describe('before an apply', () => {
  test('all that a listener needs is read, or nothing changes and the file and the reason are named', async () => {
    const good = pair('main', 'mx.example.org')
    const other = pair('other', 'other.example')
    const empty = join(folder, 'empty.pem')
    writeFileSync(empty, '')
    const damaged = join(folder, 'damaged.pem')
    writeFileSync(damaged, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
    const locked = join(folder, 'locked.key')
    writeFileSync(locked, '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n')
    const cases = [
      [{ ...good, certificate: join(folder, 'none.pem') }, `${join(folder, 'none.pem')}: there is no such file`],
      [{ ...good, key: join(folder, 'none.key') }, `${join(folder, 'none.key')}: there is no such file`],
      [{ ...good, key: other.key }, `${other.key}: not the key of ${good.certificate}`],
      [{ ...good, certificate: empty }, `${empty}: expected a certificate in PEM, found none`],
      [{ ...good, certificate: damaged }, `${damaged}: certificate 1 of 1 in it is damaged`],
      [{ ...good, key: good.certificate }, `${good.certificate}: expected a private key in PEM, found none`],
      [
        { ...good, key: locked },
        `${locked}: the key has a passphrase; a gateway that starts by itself needs one without`,
      ],
      [{ ...good, certificate: folder }, `${folder}: not a regular file`],
    ] as const
    for (const [certificate, error] of cases) {
      await expect(keyring.prepare(control([certificate]))).rejects.toThrow(`certificate main: ${error}`)
    }
    await expect(keyring.prepare(control([good], { clientCa: empty }))).rejects.toThrow(
      `${empty}: expected a certificate`,
    )
    await expect(keyring.prepare(control([good], { ciphers: 'NO-SUCH-CIPHER' }))).rejects.toThrow(/no.cipher.match/)
    await expect(keyring.prepare({ listeners: [{ ...settings(), tls: tlsSettings() }] })).rejects.toThrow(
      'certificate main: main: the graph names no files for it',
    )
    expect(keyring.list()).toEqual([])
    expect(timers).toEqual([])
  })

  test('a graph without TLS reads nothing and looks at nothing', async () => {
    const change = await keyring.prepare({ listeners: [settings()] })
    change.commit()
    expect([...change.contexts]).toEqual([])
    expect(timers).toEqual([])
  })

  test('a key that all can read is used, and told of', async () => {
    const files = pair('main', 'mx.example.org')
    chmodSync(files.key, 0o644)
    const change = await keyring.prepare(control([files]))
    expect(told('certificate.key-open')).toEqual([])
    change.commit()
    expect(told('certificate.key-open')).toEqual([
      ['warn', 'certificate.key-open', { certificate: 'main', file: files.key }],
    ])
  })

  test('on the way back what cannot be read any more is served from memory, and what never was is left out, aloud', async () => {
    const files = pair('main', 'mx.example.org')
    const first = await keyring.prepare(control([files]))
    first.commit()
    rmSync(files.key)
    const back = await keyring.prepareAnyway(control([files]))
    expect([...back.contexts.keys()]).toEqual(['mx'])
    expect(told('certificate.unusable')).toMatchObject(
      [['error', '', { what: 'certificate main', kept: true }]].map(([a, , c]) => [a, 'certificate.unusable', c]),
    )
    const other = { name: 'other', certificate: join(folder, 'o.pem'), key: join(folder, 'o.key') }
    const without = await keyring.prepareAnyway({
      certificates: [other],
      listeners: [{ ...settings(), name: 'new', tls: tlsSettings({ certificates: ['other'] }) }],
    })
    expect([...without.contexts.keys()]).toEqual([])
  })
})

describe('a renewed certificate', () => {
  const shown = async (port: number) => {
    const wire = await tlsWire({ port, host: '127.0.0.1' })
    const { CN } = wire.socket.getPeerCertificate().subject
    wire.destroy()
    return CN
  }

  /** A listener that shows what the keyring has. */
  async function serving(files: ReturnType<typeof pair>) {
    const change = await keyring.prepare(control([files], { mode: 'implicit' }))
    change.commit()
    const tls = change.contexts.get('mx')!
    const house = await openHouse({ settings: { ...settings(), tls: tlsSettings({ mode: 'implicit' }) }, tls })
    onTestFinished(() => house.listener.close())
    return house
  }

  test('is shown to the next client, and a session goes on with the one that it has', async () => {
    const files = pair('main', 'old.example')
    const { port } = await serving(files)
    const before = await tlsWire({ port, host: '127.0.0.1' })
    expect(await shown(port)).toBe('old.example')
    pair('main', 'new.example')
    await look()
    expect(await shown(port)).toBe('new.example')
    expect(told('certificate.renewed')).toHaveLength(1)
    expect(keyring.list()[0]).toMatchObject({ names: ['new.example'], stale: null, listeners: ['mx'] })
    await before.send(Buffer.from('NOOP\r\n'))
    expect(await until(() => before.came().includes('250'))).toBe(true)
    before.destroy()
  })

  test('is found by a file that takes the place of another, as a link that is turned does', async () => {
    const files = pair('main', 'old.example')
    const { port } = await serving(files)
    const next = pair('next', 'new.example')
    renameSync(next.key, files.key)
    renameSync(next.certificate, files.certificate)
    await look()
    expect(await shown(port)).toBe('new.example')
  })

  test('that is written half, or with the key of another, changes nothing, and is told of once', async () => {
    const files = pair('main', 'old.example')
    const { port } = await serving(files)
    const next = pair('next', 'new.example')
    copyFileSync(next.certificate, files.certificate)
    await look()
    await look()
    expect(await shown(port)).toBe('old.example')
    const why = `${files.key}: not the key of ${files.certificate}`
    expect(told('certificate.kept')).toEqual([['warn', 'certificate.kept', { certificate: 'main', error: why }]])
    expect(keyring.list()[0]!.stale).toBe(why)
    writeFileSync(files.certificate, readFileSync(next.certificate).subarray(0, 100))
    await look()
    rmSync(files.certificate)
    await look()
    expect(await shown(port)).toBe('old.example')
    expect(told('certificate.kept').map(([, , fields]) => fields!['error'])).toEqual([
      why,
      `${files.certificate}: expected a certificate in PEM, found none`,
      `${files.certificate}: there is no such file`,
    ])
    copyFileSync(next.certificate, files.certificate)
    copyFileSync(next.key, files.key)
    await look()
    expect(await shown(port)).toBe('new.example')
    expect(keyring.list()[0]!.stale).toBe(null)
  })

  test('is looked for by the clock', async () => {
    const files = pair('main', 'old.example')
    const { port } = await serving(files)
    pair('main', 'new.example')
    expect(timers).toHaveLength(1)
    timers.shift()!()
    expect(await until(() => timers.length === 1)).toBe(true)
    expect(await shown(port)).toBe('new.example')
    keyring.close()
    expect(timers).toEqual([])
  })
})

test('a session is not resumed by a ticket of the day before yesterday', async () => {
  const change = await keyring.prepare(control([pair('main', 'mx.example.org')], { mode: 'implicit' }))
  change.commit()
  const house = await openHouse({
    settings: { ...settings(), tls: tlsSettings({ mode: 'implicit' }) },
    tls: change.contexts.get('mx')!,
  })
  onTestFinished(() => house.listener.close())
  const to = { port: house.port, host: '127.0.0.1' }
  const first = await tlsWire(to)
  const session = await new Promise<Buffer>((resolve) => first.socket.once('session', resolve))
  first.destroy()
  const reused = async () => {
    const wire = await tlsWire({ ...to, session })
    const isReused = wire.socket.isSessionReused()
    wire.destroy()
    return isReused
  }
  now += dayMs - 1000
  await look()
  expect(await reused()).toBe(true)
  now += 1000
  await look()
  expect(await reused()).toBe(false)
  expect(told('certificate.renewed')).toEqual([])
})

describe('expiry', () => {
  test('is told of from 14 days on, once a day, and as an error when it is there', async () => {
    const change = await keyring.prepare(control([pair('main', 'mx.example.org', 20)]))
    change.commit()
    expect(told('certificate.expires')).toEqual([])
    now += 7 * dayMs
    await look()
    await look()
    now += dayMs
    await look()
    expect(told('certificate.expires').map(([, , fields]) => fields!['daysLeft'])).toEqual([12, 11])
    now += 12 * dayMs
    await look()
    expect(told('certificate.expired')).toHaveLength(1)
  })

  test('is told of when it is not yet begun', async () => {
    const files = pair('main', 'mx.example.org')
    now -= 10 * dayMs
    const change = await keyring.prepare(control([files]))
    change.commit()
    expect(told('certificate.not-valid-yet')).toHaveLength(1)
  })
})
