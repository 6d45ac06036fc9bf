import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readReply } from '../../src/config/validate-reply.ts'
import { readTarget } from '../../src/config/validate-target.ts'

const hosts = (...list: [string, number][]) => ({ kind: 'hosts', hosts: list.map(([host, port]) => ({ host, port })) })

test.each([
  ['bart', hosts(['bart', 25])],
  ['bart:26', hosts(['bart', 26])],
  ['[::1]:25', hosts(['::1', 25])],
  ['bart:26, lisa,192.0.2.1', hosts(['bart', 26], ['lisa', 25], ['192.0.2.1', 25])],
  ['relay:isp', { kind: 'relay', relay: 'isp' }],
  ['mx', { kind: 'mx', tls: 'may' }],
  [' mx ', { kind: 'mx', tls: 'may' }],
  ['deliver', { kind: 'deliver', dir: 'mail' }],
  ['deliver old/mail', { kind: 'deliver', dir: 'old/mail' }],
  ['reject 550 this domain has moved', { kind: 'reject', code: 550, status: '5.1.2', text: 'this domain has moved' }],
  ['reject 550 5.1.6 moved', { kind: 'reject', code: 550, status: '5.1.6', text: 'moved' }],
  ['reject 450 later', { kind: 'reject', code: 450, status: '4.1.2', text: 'later' }],
  ['hold', { kind: 'hold', reason: 'held by localMx' }],
  ['hold merger of 2030', { kind: 'hold', reason: 'merger of 2030' }],
  ['discard', { kind: 'discard' }],
])('the text %j is a target', (text, want) => {
  expect(readTarget(text)).toEqual({ ok: true, value: want })
})

test.each([
  [{ relay: 'isp' }, 'relay:isp'],
  [{ host: 'bart:26' }, 'bart:26'],
  [{ hosts: ['bart', 'lisa'] }, 'bart,lisa'],
  [['bart', 'lisa'], 'bart,lisa'],
  [{ mx: true }, 'mx'],
  [{ mx: {} }, 'mx'],
  [{ deliver: true }, 'deliver'],
  [{ deliver: { dir: 'old' } }, 'deliver old'],
  [{ reject: { code: 550, text: 'no' } }, 'reject 550 no'],
  [{ hold: true }, 'hold'],
  [{ hold: 'why' }, 'hold why'],
  [{ discard: true }, 'discard'],
] as const)('%j is the same as the text %j', (target, text) => {
  expect(readTarget(target)).toEqual(readTarget(text))
})

test('mx({ tls }) keeps its level', () => {
  expect(readTarget({ mx: { tls: 'verify' } })).toEqual({ ok: true, value: { kind: 'mx', tls: 'verify' } })
})

test('a host that is called like a word of targets is named in the object form', () => {
  expect(readTarget({ host: 'mx:26' })).toEqual({ ok: true, value: hosts(['mx', 26]) })
})

test.each([
  ['bart:99999', 'MG1305', 'ports are 1 to 65535', []],
  ['bart,26', 'MG1305', 'did you mean "bart:26"?', []],
  ['*,*', 'MG1311', 'did you mean "mx"?', []],
  ['*', 'MG1311', 'did you mean "mx"?', []],
  ['MX', 'MG1311', 'write it as "mx"', []],
  ['mx:25', 'MG1316', 'MX hosts listen on 25; in a lab, set mxPort', []],
  ['mx please', 'MG1311', null, []],
  ['rely:isp', 'MG1305', 'did you mean "relay:isp"?', []],
  ['reject', 'MG1309', null, []],
  ['reject 250 ok', 'MG1309', null, []],
  ['gw:hunter2@bart', 'MG1315', 'user and password belong into auth: { user, pass } of a relay', []],
  ['bart,bart', 'MG1401', null, []],
  ['', 'MG1305', null, []],
  ['bart,,lisa', 'MG1305', null, []],
  ['deliver ../up', 'MG1312', null, []],
  [{ deliver: { dir: 'a/../b' } }, 'MG1312', null, ['deliver', 'dir']],
  [{ deliver: { dir: '' } }, 'MG1312', null, ['deliver', 'dir']],
  [{ host: 'bart:x' }, 'MG1305', null, ['host']],
  [{ hosts: ['bart', 'li sa'] }, 'MG1305', null, ['hosts', 1]],
  [{ hosts: [] }, 'MG1205', null, ['hosts']],
  [['bart', 'li sa'], 'MG1305', null, [1]],
  [[], 'MG1205', null, []],
  [{ reject: { code: 550, text: 'a\r\n250 ok' } }, 'MG1309', null, ['reject', 'text']],
  [{ reject: { code: 421, text: 'bye' } }, 'MG1309', '421 ends the session; did you mean 450?', ['reject', 'code']],
  [{ hold: 'two\nlines' }, 'MG1311', null, ['hold']],
] as const)('%j is refused with %s at its place', (target, code, hint, key) => {
  expect(readTarget(target)).toMatchObject({ ok: false, code, hint, key })
})

test.each([
  [550, 'no', { code: 550, status: '5.7.1', text: 'no' }],
  [554, '5.1.6  moved', { code: 554, status: '5.1.6', text: 'moved' }],
  [452, 'full', { code: 452, status: '4.7.1', text: 'full' }],
])('the reply %d %j is read', (code, text, value) => {
  expect(readReply(code, text, '7.1')).toEqual({ ok: true, value })
})

test.each([
  [250, 'ok'],
  [354, 'go on'],
  [540, 'no'],
  [599, 'no'],
  [421, 'bye'],
  [521, 'bye'],
  [550, ''],
  [550, ' '],
  [550, '4.1.1 later'],
  [550, 'café'],
  [550, 'a\nb'],
  [550, 'a\0b'],
  [550, 'x'.repeat(401)],
])('the reply %d %j is refused', (code, text) => {
  expect(readReply(code, text, '7.1').ok).toBe(false)
})

test('no text of a reply or target can break out of its line, and none throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 400, max: 599 }), (text, code) => {
      const reply = readReply(code, text, '7.1')
      if (reply.ok) expect(reply.value.text).toMatch(/^[ -~]{1,400}$/)
      for (const word of ['', 'reject 550 ', 'hold ', 'deliver ', 'relay:']) {
        const target = readTarget(word + text)
        if (target.ok && target.value.kind === 'reject') expect(target.value.text).toMatch(/^[ -~]{1,400}$/)
        if (target.ok && target.value.kind === 'hold') expect(target.value.reason).not.toMatch(/[\r\n]/)
      }
    }),
    { numRuns: 1000 },
  )
})
