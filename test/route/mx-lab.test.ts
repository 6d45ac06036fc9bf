import { randomInt } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { mxHosts } from '../../src/route/mx-hosts.ts'
import { d, resolverOf } from '../dns/lab.ts'
import { startMxLab } from '../support/mx-lab.ts'
import { peers } from '../support/peer.ts'
import { startUnbound } from '../support/unbound.ts'

const domains = {
  'one.test': ['127.0.0.11'],
  'two.test': ['127.0.0.11', ['127.0.0.12', '127.0.0.13']],
  'null.test': 'null-mx',
  'host.test': { a: ['127.0.0.14'] },
  'bare.test': { zone: '' },
  'odd.test': { zone: '@ IN MX 10 192.0.2.1.\n@ IN MX 20 gone\n@ IN MX 30 c\nc IN CNAME mx-127-0-0-11.mx-lab.test.' },
  'text.test': { zone: '@ IN MX 10 192.0.2.1.\n@ IN A 127.0.0.15' },
  'dotted.test': { zone: '@ IN MX 10 a\\.b\n@ IN A 127.0.0.15' },
  'both.test': { zone: '@ IN MX 0 .\n@ IN MX 10 m\nm IN A 127.0.0.16\nm IN AAAA ::1' },
  'circle.test': { zone: 'a IN CNAME b\nb IN CNAME a' },
  'many.test': {
    zone: Array.from(
      { length: 80 },
      (_, i) => `@ IN MX ${i} a-rather-long-name-${i}\na-rather-long-name-${i} IN A 127.0.1.${i}`,
    ).join('\n'),
  },
  'wild.test': { zone: '* IN MX 10 m\nm IN A 127.0.0.17' },
} as const

/** Domain, and the addresses in order (equal ones sorted), or the status. */
const expected: readonly (readonly [string, readonly string[] | string])[] = [
  ['one.test', ['127.0.0.11']],
  ['two.test', ['127.0.0.11', '127.0.0.12', '127.0.0.13']],
  ['null.test', '556 5.1.10'],
  ['host.test', ['127.0.0.14']],
  ['bare.test', '550 5.1.2'],
  ['nobody.bare.test', '550 5.1.2'],
  ['odd.test', ['127.0.0.11']],
  ['text.test', '550 5.4.4'],
  ['dotted.test', '550 5.4.4'],
  ['both.test', ['::1', '127.0.0.16']],
  ['a.circle.test', '4.4.3'],
  ['many.test', Array.from({ length: 16 }, (_, i) => `127.0.1.${i}`)],
  ['x.y.wild.test', ['127.0.0.17']],
  ['elsewhere.example', '4.4.3'],
]

describe.skipIf(!peers('nsd', 'unbound'))('MX choice with real name servers', () => {
  for (const way of ['NSD', 'Unbound before NSD']) {
    test(`by ${way}, hosts and refusals are the ones of the zones`, async () => {
      const lab = await startMxLab(domains)
      const port = lab.resolver.servers[0]!.port
      const zones = Object.fromEntries([...Object.keys(domains), 'mx-lab.test'].map((name) => [name, port]))
      const servers =
        way === 'NSD' ? lab.resolver.servers : [{ host: '127.0.0.1', port: (await startUnbound(zones)).port }]
      const resolver = resolverOf({ servers, timeoutMs: 5000, attempts: 2 })
      const found = await Promise.all(
        expected.map(async ([name]) => {
          const hosts = await mxHosts(d(name), 2525, resolver, { random: randomInt, isSelf: () => false })
          if (hosts.kind === 'failed') return [name, hosts.status]
          if (hosts.kind === 'refused') return [name, `${hosts.code} ${hosts.status}`]
          const addresses = hosts.hosts.map(({ address }) => address)
          return [name, name === 'two.test' ? [addresses[0]!, ...addresses.slice(1).sort()] : addresses]
        }),
      )
      // Unbound answers for zones that it does not have with "no such name", as it is told to.
      const want = expected.filter(([name]) => way === 'NSD' || name !== 'elsewhere.example')
      expect(found.filter(([name]) => want.some(([wanted]) => wanted === name))).toEqual(want)
    })
  }

  test('when the name server has gone, mail waits', async () => {
    const lab = await startMxLab({ 'one.test': ['127.0.0.11'] })
    const resolver = resolverOf(lab.resolver)
    const ask = () => mxHosts(d('one.test'), 2525, resolver, { random: randomInt, isSelf: () => false })
    expect(await ask()).toMatchObject({ hosts: [{ name: lab.host('127.0.0.11'), address: '127.0.0.11' }] })
    await lab.stop()
    resolver.flush(null)
    expect(await ask()).toMatchObject({ kind: 'failed', status: '4.4.3' })
    await lab.change({ 'one.test': 'null-mx' })
    const afresh = async () => {
      resolver.flush(null)
      return await ask()
    }
    await expect.poll(afresh, { timeout: 10_000 }).toMatchObject({ code: 556 })
  })
})
