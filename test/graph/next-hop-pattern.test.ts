import { expect, test } from 'vitest'
import { nextHopTest } from '../../src/graph/next-hop-pattern.ts'
import { nextHopName } from '../../src/mail/next-hop.ts'

const names = [
  'mx:a.example',
  'mx:x.a.example',
  'mx:b.example:2525',
  'mx:[IPv6:2001:db8::1]',
  'relay:isp',
  'hosts:10.0.0.1:25,10.0.0.2:25',
]

// EX-43: what `dest reset` and `dest suspend` mean by a text.
const cases: [pattern: string, meant: readonly string[]][] = [
  ['*', names],
  ['a.example', ['mx:a.example']],
  ['mx:a.example', ['mx:a.example']],
  ['*.a.example', ['mx:x.a.example']],
  ['*.example', ['mx:a.example', 'mx:x.a.example', 'mx:b.example:2525']],
  ['mx:*', ['mx:a.example', 'mx:x.a.example', 'mx:b.example:2525', 'mx:[IPv6:2001:db8::1]']],
  ['b.example', ['mx:b.example:2525']],
  ['mx:b.example:2525', ['mx:b.example:2525']],
  ['mx:[IPv6:2001:db8::1]', ['mx:[IPv6:2001:db8::1]']],
  ['relay:isp', ['relay:isp']],
  ['hosts:10.0.0.1:25,10.0.0.2:25', ['hosts:10.0.0.1:25,10.0.0.2:25']],
  ['isp', []],
  ['relay:*', []],
]
for (const [pattern, meant] of cases) {
  test(`${pattern} means ${meant.length === 0 ? 'none' : meant.join(' ')}`, () => {
    expect(names.filter(nextHopTest(pattern))).toEqual(meant)
  })
}

test('a name is what stands before the first mark: digest, TLS, source address', () => {
  expect(nextHopName('relay:isp#0a1b2c3d#requiretls#from=192.0.2.1')).toBe('relay:isp')
  expect(nextHopName('mx:a.example')).toBe('mx:a.example')
})
