import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hostText, readBind, readHost } from '../../src/config/validate-host.ts'

test.each([
  ['bart', 'bart', 25],
  ['bart:26', 'bart', 26],
  ['BART.Example.', 'bart.example', 25],
  ['bücher.example:2525', 'xn--bcher-kva.example', 2525],
  ['192.0.2.1', '192.0.2.1', 25],
  ['192.0.2.1:65535', '192.0.2.1', 65535],
  ['[2001:DB8::1]', '2001:db8::1', 25],
  ['[::1]:26', '::1', 26],
])('%j is host %s, port %d', (text, host, port) => {
  expect(readHost(text, 25)).toEqual({ ok: true, value: { host, port } })
})

test.each([
  ['bart:99999', 'ports are 1 to 65535'],
  ['bart:0', 'ports are 1 to 65535'],
  ['bart:025', 'ports are 1 to 65535'],
  ['rely:isp', 'did you mean "relay:isp"?'],
  ['::1', 'write an IPv6 address in brackets: "[::1]"'],
  ['smtp://bart:26', 'did you mean "bart:26"?'],
])('%j is no host, and the hint is %j', (text, hint) => {
  expect(readHost(text, 25)).toEqual({
    ok: false,
    error: `expected host or host:port, got ${JSON.stringify(text)}`,
    hint,
  })
})

test.each([
  '',
  ':25',
  'bart:',
  '[::1',
  '::1]',
  '[192.0.2.1]',
  '[fe80::1%eth0]',
  '[::ffff:192.0.2.1]',
  '10.1',
  '010.0.0.1',
  'a b',
  'a/b',
  '*',
  'bart:26:26',
])('%j is no host', (text) => {
  expect(readHost(text, 25).ok).toBe(false)
})

test('credentials in the text of a host are refused and not repeated', () => {
  const reading = readHost('gw:hunter2@bart:26', 25)
  expect(reading).toMatchObject({ ok: false, code: 'MG1315' })
  expect(JSON.stringify(reading)).not.toContain('hunter2')
})

test.each([
  ['127.0.0.1:2525', '127.0.0.1', 2525],
  ['[::]:25', '::', 25],
  ['0.0.0.0:25', '0.0.0.0', 25],
  ['127.0.0.1:0', '127.0.0.1', 0],
])('%j listens on %s port %d', (text, host, port) => {
  expect(readBind(text)).toEqual({ ok: true, value: { host, port } })
})

test.each([
  ['25', '"0.0.0.0:25" for all'],
  [':25', '"0.0.0.0:25" for all'],
  ['*:25', '"0.0.0.0:25" for all'],
  ['localhost:2525', '"127.0.0.1:2525"'],
  ['127.0.0.1', 'write the port too: "127.0.0.1:25"'],
  ['::1', 'write the port too: "[::1]:25"'],
])('%j does not say where to listen, and the hint says %j', (text, hint) => {
  expect(readBind(text)).toEqual({ ok: false, error: expect.any(String), hint: expect.stringContaining(hint) })
})

test.each(['bart:25', '127.0.0.1:70000', '[127.0.0.1]:25', '::1:25', '127.1:25', '127.0.0.1:025', ''])(
  '%j is nothing to listen on',
  (text) => {
    expect(readBind(text).ok).toBe(false)
  },
)

test('a host that was read is written so that it reads as itself, and no text throws', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9.:[\]-]{1,16}(:\d{1,5})?$/)), (text) => {
      const first = readHost(text, 25)
      readBind(text)
      if (first.ok) expect(readHost(hostText(first.value), 1)).toEqual(first)
    }),
    { numRuns: 2000 },
  )
})
