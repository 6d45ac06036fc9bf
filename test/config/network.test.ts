import fc from 'fast-check'
import { expect, test } from 'vitest'
import { holds, prefixOf, readNetwork } from '../../src/config/validate-network.ts'

test.each([
  ['192.0.2.1', '192.0.2.1/32'],
  ['192.0.2.0/24', '192.0.2.0/24'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['2001:DB8::/32', '2001:db8::/32'],
  ['2001:db8:0:0:0:0:0:1', '2001:db8::1/128'],
  ['::/0', '::/0'],
  ['::1', '::1/128'],
])('the block %j is %j', (text, want) => {
  expect(readNetwork(text)).toEqual({ ok: true, value: want })
})

test.each([
  ['194.30.30.11/16', 'did you mean "194.30.0.0/16"? (or "194.30.30.11" alone)'],
  ['2001:db8::1/32', 'did you mean "2001:db8::/32"? (or "2001:db8::1" alone)'],
  ['10.0.0.0/4', '4 bits name a large part of the internet; which network is meant?'],
  ['2001:db8::/9', '9 bits name a large part of the internet; which network is meant?'],
  ['010.0.0.1', 'a leading zero is octal to some programs: write "10.0.0.1"'],
  ['010.0.0.0/8', 'a leading zero is octal to some programs: write "10.0.0.0/8"'],
  ['10.1', 'did you mean "10.1.0.0/16"?'],
  ['10', 'did you mean "10.0.0.0/8"?'],
  ['192.168.1.', 'did you mean "192.168.1.0/24"?'],
  ['192.168.1.*', 'did you mean "192.168.1.0/24"?'],
  ['192.168.1.0/255.255.255.0', 'did you mean "192.168.1.0/24"?'],
  ['::ffff:192.0.2.1', 'clients that come as ::ffff:192.0.2.1 are matched as IPv4: write "192.0.2.1"'],
  ['::ffff:c000:201', 'clients that come as ::ffff:c000:201 are matched as IPv4: write "192.0.2.1"'],
])('%j is refused, because programs read it in different ways: %s', (text, hint) => {
  expect(readNetwork(text)).toEqual({ ok: false, error: expect.stringContaining(JSON.stringify(text)), hint })
})

test.each([
  '',
  '/',
  '0x0a.0.0.1',
  '167772161',
  '64:ff9b::192.0.2.1',
  'fe80::1%eth0',
  '1.2.3.4/33',
  '::/129',
  '1.2.3.4/',
  '1.2.3.4/08',
  '1.2.3.4/-1',
  '256.0.0.1',
  'bart',
  '1.2.3.4 ',
  ' 1.2.3.4',
  '1.2.3.4/24/24',
  '1.2.3.4\n',
  '[::1]',
  '192.168.1.0/255.0.255.0',
])('%j is refused', (text) => {
  expect(readNetwork(text).ok).toBe(false)
})

test.each([
  ['10.0.0.0/8', '10.1.0.0/16', true],
  ['10.1.0.0/16', '10.0.0.0/8', false],
  ['10.0.0.0/8', '10.0.0.0/8', true],
  ['10.0.0.0/9', '10.128.0.0/9', false],
  ['0.0.0.0/0', '::1/128', false],
  ['::/0', 'fd00::1/128', true],
  ['fc00::/7', 'fd00::/8', true],
])('%s holds %s: %s', (outer, inner, want) => {
  expect(holds(outer, inner)).toBe(want)
})

test('any IPv4 block with host bits zero is read as it is, with a bit set it is refused, with a hint', () => {
  const word = fc.integer({ min: 0, max: 0xffffffff })
  fc.assert(
    fc.property(word, fc.integer({ min: 0, max: 32 }), (address, prefix) => {
      const mask = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0
      const dotted = (n: number) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255].join('.')
      const clean = `${dotted((address & mask) >>> 0)}/${prefix}`
      expect(readNetwork(clean)).toEqual({ ok: true, value: clean })
      expect(prefixOf(clean)).toBe(prefix)
      expect(holds(clean, `${dotted(address)}/32`)).toBe(true)
      if ((address & mask) >>> 0 === address) return
      const sloppy = readNetwork(`${dotted(address)}/${prefix}`)
      const hint = prefix < 8 ? 'large part of the internet' : `"${clean}"`
      expect(sloppy).toEqual({ ok: false, error: expect.any(String), hint: expect.stringContaining(hint) })
    }),
  )
})

test('no text throws, and what is read reads as itself', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:.]{0,20}(\/\d{0,3})?$/)), (text) => {
      const first = readNetwork(text)
      if (first.ok) expect(readNetwork(first.value)).toEqual(first)
    }),
    { numRuns: 2000 },
  )
})
