import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as api from '../../src/index.ts'

test.each([
  ['via', api.via('isp'), { relay: 'isp' }],
  ['host without port', api.host('bart'), { host: 'bart' }],
  ['host', api.host('bart', 26), { host: 'bart:26' }],
  ['host of IPv6', api.host('::1', 26), { host: '[::1]:26' }],
  ['host of IPv6 in brackets', api.host('[::1]', 26), { host: '[::1]:26' }],
  ['hosts', api.hosts('bart', 'lisa:26'), { hosts: ['bart', 'lisa:26'] }],
  ['mx', api.mx(), { mx: true }],
  ['mx with TLS', api.mx({ tls: 'encrypt' }), { mx: { tls: 'encrypt' } }],
  ['deliver', api.deliver(), { deliver: true }],
  ['deliver into a folder', api.deliver({ dir: 'old' }), { deliver: { dir: 'old' } }],
  ['reject', api.reject(550, 'moved'), { reject: { code: 550, text: 'moved' } }],
  ['hold', api.hold('merger'), { hold: 'merger' }],
  ['hold without a reason', api.hold(), { hold: true }],
  ['discard', api.discard(), { discard: true }],
  ['env.secret', api.env.secret('ISP'), { $secret: 'env:ISP' }],
  ['file.secret', api.file.secret('/run/isp'), { $secret: 'file:/run/isp' }],
  ['exec.secret', api.exec.secret(['pass', 'show', 'isp']), { $secret: 'exec:["pass","show","isp"]' }],
  ['byEnv', api.byEnv({ prod: 1, default: 2 }), { $env: { prod: 1, default: 2 } }],
  ['tag', api.tag('odd'), { tag: 'odd' }],
  ['watched', api.watched('/etc/blocked.txt'), { $watched: '/etc/blocked.txt' }],
  ['table', api.table('users.tsv'), { $table: 'users.tsv' }],
  ['table with header', api.table('users.tsv', { header: true }), { $table: 'users.tsv', header: true }],
  [
    'unsafeOpenRelay',
    api.unsafeOpenRelay({ reason: 'lab', until: '2030-01-01' }),
    { unsafeOpenRelay: { reason: 'lab', until: '2030-01-01' } },
  ],
  ['catchAll', api.catchAll('lost@a.example'), { catchAll: 'lost@a.example' }],
  ['park', api.park(), 'park'],
])('%s() is what YAML and JSON spell out', (_, made, plain) => {
  expect(made).toStrictEqual(plain)
})

test('defineConfig gives the document back as it is', () => {
  const document = {
    hostname: 'gw.corp.example',
    postmaster: 'postmaster@corp.example',
    listeners: { lan: { kind: 'internal', bind: '127.0.0.1:2525' } },
  } as const
  expect(api.defineConfig(document)).toBe(document)
})

test('the public API loads no package and nothing of the machine, because it runs inside the restricted child', () => {
  const seen = new Set<string>()
  const visit = (file: URL): void => {
    if (seen.has(file.href)) return
    seen.add(file.href)
    const text = readFileSync(file, 'utf8')
    for (const [, typeOnly, from] of text.matchAll(/^(?:import|export)( type)? [^'"]*?from '([^']+)'/gms)) {
      if (typeOnly !== undefined) continue
      expect(from, `${file.pathname} imports it`).toMatch(/^\.\.?\//)
      visit(new URL(from!, file))
    }
    expect(text).not.toMatch(/\bimport\(|\brequire\(|\bprocess\./)
  }
  visit(new URL('../../src/index.ts', import.meta.url))
  expect(seen.size).toBe(5)
})
