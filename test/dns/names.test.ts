import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { localName } from '../../src/dns/local-names.ts'
import { askableName, isHostName } from '../../src/dns/name.ts'
import { systemServers } from '../../src/dns/resolv-conf.ts'
import { serverAddress, serverLabel } from '../../src/dns/server-address.ts'
import { tempFolder } from '../support/peer.ts'
import * as fake from './fake-server.ts'
import { movableClock, resolverOf } from './lab.ts'

const label63 = 'a'.repeat(63)
const name253 = `${label63}.${label63}.${label63}.${'a'.repeat(61)}`

describe('names that can be asked for', () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ['Example.TEST', 'example.test'],
    ['example.test.', 'example.test'],
    ['_dmarc.x.test', '_dmarc.x.test'],
    ['a:b/c.test', 'a:b/c.test'],
    [`${label63}.test`, `${label63}.test`],
    [`${label63}a.test`, null],
    [name253, name253],
    [`${name253}a`, null],
    ['', null],
    ['.', null],
    ['a..b', null],
    ['.a', null],
    ['a b.test', null],
    ['a\\.b.test', null],
    ['a\0.test', null],
    ['b\u00fccher.test', null],
  ]
  for (const [text, want] of cases) {
    test(`${JSON.stringify(text.slice(0, 80))} is asked as ${want?.slice(0, 20) ?? 'nothing'}`, () => {
      expect(askableName(text)).toBe(want)
    })
  }
})

test('names of hosts are letters, digits, hyphens and underscores, and no addresses', () => {
  for (const name of [
    'a',
    'a.b',
    'mx-1.example.test',
    'm_x.test',
    'xn--bcher-kva.test',
    '1.2.3.x',
    'MX.test',
    '3com.test',
  ]) {
    expect([name, isHostName(name)]).toEqual([name, true])
  }
  for (const name of [
    '',
    '.',
    '-a.test',
    'a-.test',
    'a b',
    'a*b.test',
    '192.0.2.1',
    '1',
    '[1.2.3.4]',
    '2001:db8::1',
    '<x>.test',
    'a\n.test',
  ]) {
    expect([name, isHostName(name)]).toEqual([name, false])
  }
})

test('localhost is this machine, invalid and onion are nothing (RFC 6761, RFC 7686)', () => {
  expect(['localhost', 'localhost.', 'a.localhost'].map(localName)).toEqual(['here', 'here', 'here'])
  expect(['invalid', 'a.invalid', 'a.onion'].map(localName)).toEqual(['nothing', 'nothing', 'nothing'])
  expect(['localhost.test', 'mylocalhost', 'test', 'a.test'].map(localName)).toEqual([null, null, null, null])
})

test('local names are answered without asking anybody, whatever the server would say', async () => {
  const server = await fake.fakeServer((asked) => fake.reply(asked, { answers: [fake.a(asked.name, '192.0.2.66')] }))
  const resolver = resolverOf(server.settings)
  expect(await resolver.addresses('LocalHost.')).toEqual({ kind: 'found', value: ['127.0.0.1', '::1'], ttlMs: 0 })
  expect(await resolver.a('x.localhost')).toMatchObject({ value: ['127.0.0.1'] })
  expect(await resolver.txt('localhost')).toEqual({ kind: 'none', nxdomain: false })
  expect(await resolver.a('x.invalid')).toEqual({ kind: 'none', nxdomain: true })
  expect(await resolver.txt(`${label63}a.test`)).toEqual({ kind: 'none', nxdomain: true })
  expect(server.asked).toEqual([])
})

describe('resolv.conf', () => {
  const write = (text: string) => {
    const file = join(tempFolder(), 'resolv.conf')
    writeFileSync(file, text)
    return file
  }

  test('its name servers are asked in order, at port 53', () => {
    const file = write(
      '# comment\nsearch x.test\nnameserver 192.0.2.53\n nameserver\t2001:db8::53 \r\nnameserver fe80::1%eth0\n',
    )
    expect(systemServers(file)).toEqual([
      { host: '192.0.2.53', port: 53 },
      { host: '2001:db8::53', port: 53 },
      { host: 'fe80::1%eth0', port: 53 },
    ])
  })

  test('nonsense in it is passed over; without a server, or a file, it is the one on this machine', () => {
    const own = [{ host: '127.0.0.1', port: 53 }]
    expect(
      systemServers(write('nameserver dns.test\nnameserver\nnameserver 1.2.3.4 5.6.7.8\n#nameserver 192.0.2.1\n')),
    ).toEqual(own)
    expect(systemServers(join(tempFolder(), 'none'))).toEqual(own)
  })

  test('a change of the file is seen without a restart, when the document names no server', async () => {
    const file = write('nameserver 192.0.2.53\n')
    const clock = movableClock()
    const resolver = resolverOf({ servers: [], timeoutMs: 200, attempts: 1 }, { systemFile: file, clock })
    const servers = () => resolver.stats().servers.map(({ server }) => server)
    expect(servers()).toEqual(['192.0.2.53:53'])
    writeFileSync(file, 'nameserver 127.0.0.1\n')
    clock.move(11_000)
    await resolver.a('x.test')
    expect(servers()).toEqual(['127.0.0.1:53'])
  })
})

test('a name server is an address, in brackets or not, or localhost', () => {
  const label = (host: string) => {
    const address = serverAddress({ host, port: 53 })
    return address.ok ? serverLabel(address.value) : address.error
  }
  expect(label('192.0.2.1')).toBe('192.0.2.1:53')
  expect(label('[::1]')).toBe('[::1]:53')
  expect(label('::1')).toBe('[::1]:53')
  expect(label('localhost')).toBe('127.0.0.1:53')
  expect(label('dns.test')).toBe('expected the address of a name server, got "dns.test"')
})
