import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Rewriting } from '../../../src/mail/rewriting.ts'
import { addressSpans } from '../../../src/message/addresses/address-spans.ts'
import { headerRewritten, rewriteHeader } from '../../../src/message/addresses/header-rewriting.ts'

const rewriting = new Rewriting({
  addresses: [
    ['*.host.internal', 'corp.example'],
    ['host.internal', 'corp.example'],
  ],
  senders: [['app@db.host.internal', 'Billing.Desk@corp.example']],
  recipients: [['old@corp.example', 'new@corp.example']],
  except: ['root@host.internal', '*.lab.host.internal'],
})

const header = (...fields: string[]): string =>
  rewriteHeader(Buffer.from(fields.map((field) => `${field}\r\n`).join(''), 'latin1'), [rewriting]).toString('latin1')

describe('addresses of a header (part (c) 11)', () => {
  test.each([
    ['From: app@db.host.internal', 'From: Billing.Desk@corp.example'],
    ['From: APP@DB.Host.Internal', 'From: Billing.Desk@corp.example'],
    ['From: ann@web.host.internal', 'From: ann@corp.example'],
    ['From: \xffann@web.host.internal', 'From: \xffann@web.host.internal'],
    ['from : Ann <ann@web.host.internal> (at work)', 'from : Ann <ann@corp.example> (at work)'],
    ['Reply-To: "a, b" <"a b"@host.internal>', 'Reply-To: "a, b" <"a b"@corp.example>'],
    [
      'Cc: x@y.example,\r\n\tann@host.internal, ,bob@host.internal',
      'Cc: x@y.example,\r\n\tann@corp.example, ,bob@corp.example',
    ],
    [
      'To: all: ann@host.internal, B <b@host.internal>;, old@corp.example',
      'To: all: ann@corp.example, B <b@corp.example>;, new@corp.example',
    ],
    ['To: undisclosed-recipients:;', 'To: undisclosed-recipients:;'],
    ['From: =?utf-8?q?=C3=A4?= <a@host.internal>', 'From: =?utf-8?q?=C3=A4?= <a@corp.example>'],
    ['From: \xe4 <a@host.internal>', 'From: \xe4 <a@corp.example>'],
    ['From: \xc3\xa4@host.internal', 'From: \xc3\xa4@corp.example'],
    ['Resent-To: <@relay.example,@b.example:a@host.internal>', 'Resent-To: <@relay.example,@b.example:a@corp.example>'],
    ['Disposition-Notification-To: <a@host.internal>', 'Disposition-Notification-To: <a@corp.example>'],
  ])('are rewritten alone, the rest octet for octet: %s', (before, after) => {
    expect(header(before)).toBe(`${after}\r\n`)
  })

  test.each([
    ['of an exception', 'From: root@host.internal'],
    ['of an exception by suffix', 'From: ann@x.lab.host.internal'],
    ['of senders in fields of recipients', 'From: old@corp.example'],
    ['in fields that are no addresses', 'Subject: ann@host.internal'],
    ['in comments and names', 'From: "ann@host.internal" (ann@host.internal) <x@y.example>'],
    ['with something between their parts', 'From: ann(c)@host.internal'],
    ['in a field that cannot be read', 'From: ann@host.internal bob@host.internal <'],
    ['in a field with an open quote', 'From: "ann <ann@host.internal>'],
    ['in a field with an open comment', 'From: ann@host.internal (c'],
    ['in a field with two addresses and no comma', 'From: <ann@host.internal> <bob@host.internal>'],
    ['in a name without an address', 'From: ann'],
    ['that are none', 'From: <a..b@host.internal>'],
  ])('stay %s', (_, field) => {
    expect(header(field)).toBe(`${field}\r\n`)
  })

  test('begin another line where theirs would become too long', () => {
    const filler = Array.from({ length: 60 }, (_, i) => `someone${i}@y.example`).join(', ')
    const field = `To: ${filler.slice(0, filler.lastIndexOf(',', 970))}, a@host.internal`
    const long = new Rewriting({ recipients: [['a@host.internal', `${'a'.repeat(60)}@corp.example`]] })
    const out = rewriteHeader(Buffer.from(`${field}\r\n`), [long]).toString()
    expect(out).toContain(`,\x20\r\n ${'a'.repeat(60)}@corp.example\r\n`)
    for (const line of out.split('\r\n')) expect(line.length).toBeLessThanOrEqual(998)
  })

  test('are rewritten by one section after the other', () => {
    const second = new Rewriting({ senders: [['corp.example', 'brand.example']] })
    const out = rewriteHeader(Buffer.from('From: a@host.internal\r\n'), [rewriting, second])
    expect(out.toString()).toBe('From: a@brand.example\r\n')
  })

  test('stay where the document says that headers do', () => {
    const off = new Rewriting({ senders: [['*', 'corp.example']], header: 'off' })
    expect(rewriteHeader(Buffer.from('From: a@b.example\r\n'), [off]).toString()).toBe('From: a@b.example\r\n')
  })
})

async function through(message: string, size: number): Promise<string> {
  const memory = Buffer.alloc(size)
  const pieces = function* () {
    const octets = Buffer.from(message, 'latin1')
    for (let at = 0; at < octets.length; at += size) {
      const length = octets.copy(memory, 0, at, at + size)
      yield memory.subarray(0, length)
      memory.fill(0x58)
    }
  }
  let out = ''
  for await (const piece of headerRewritten(pieces(), [rewriting])) out += piece.toString('latin1')
  return out
}

describe('a message whose header is rewritten', () => {
  test('keeps its body, whatever addresses are in it, and however it is cut', async () => {
    const message = 'From: a@host.internal\r\nSubject: x\r\n\r\nFrom: a@host.internal\r\n..\r\n'
    const wanted = 'From: a@corp.example\r\nSubject: x\r\n\r\nFrom: a@host.internal\r\n..\r\n'
    for (let size = 1; size < 80; size++) expect(await through(message, size)).toBe(wanted)
  })

  test.each([
    '\r\nFrom: a@host.internal\r\n',
    '',
    'From: x@y.example',
    `X: ${'y'.repeat(600_000)}\r\nFrom: a@host.internal\r\n\r\n`,
  ])('is the same where there is nothing to rewrite, or a header that is too long', async (message) =>
    expect(await through(message, 1000)).toBe(message),
  )

  // In a domain literal anything may stand (RFC 5322 §3.4.1).
  const anAddress = /^[^\s<>,;()]+@(?:\[[^[\]]*\]|[^\s<>,;()]+)$/

  test('with any octets loses none of them: what is no span is as it was', async () => {
    const bits = fc.constantFrom(
      'From: ',
      'To:',
      'a@host.internal',
      '<',
      '>',
      ',',
      ';',
      ':',
      '"',
      '(',
      ')',
      '\\',
      '\r\n',
      ' ',
      '\t',
      '[',
      ']',
      '@',
      'x',
      '\xff',
      '\0',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(bits, { maxLength: 25 }), fc.integer({ min: 1, max: 50 }), async (parts, size) => {
        const message = parts.join('')
        const out = await through(message, size)
        expect(out.replaceAll('a@corp.example', 'a@host.internal')).toBe(message)
        const spans = addressSpans(message) ?? []
        for (const { from, to } of spans) expect(message.slice(from, to)).toMatch(anAddress)
      }),
      { numRuns: 2000 },
    )
  })

  test('takes time in proportion to its size, whoever wrote it', () => {
    for (const evil of ['(', '"', '<', 'a@b,', ' ', '\\', '@', 'a.', '[', ':', ';', '<@:', '(\\']) {
      const begun = performance.now()
      addressSpans(evil.repeat(65536 / evil.length))
      expect(performance.now() - begun).toBeLessThan(500)
    }
  })
})
