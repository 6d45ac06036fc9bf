// MR-40: fields of a header that steer the delivery are found by who reads them and by who takes them off alike.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HintField } from '../../src/message/hint-fields.ts'
import { HopCounter } from '../../src/message/hops.ts'
import { hintsStripped } from '../../src/message/strip-hints.ts'

function pieces(text: string, lengths: readonly number[]): Buffer[] {
  const wire = Buffer.from(text, 'latin1')
  const chunks: Buffer[] = []
  let at = 0
  for (const length of lengths) {
    chunks.push(wire.subarray(at, at + length))
    at += length
  }
  return [...chunks, wire.subarray(at)]
}

function fieldsOf(text: string, lengths: readonly number[] = []): readonly HintField[] {
  const counter = new HopCounter()
  for (const chunk of pieces(text, lengths)) if (!counter.read(chunk, 0, chunk.length)) break
  return counter.hints()?.fields ?? []
}

async function stripped(text: string, mailerq: boolean, lengths: readonly number[] = []): Promise<string> {
  const out: Buffer[] = []
  for await (const piece of hintsStripped(pieces(text, lengths), { mailerq, tag: null })) out.push(Buffer.from(piece))
  return Buffer.concat(out).toString('latin1')
}

const names = (fields: readonly HintField[]) => fields.map(({ name, value }) => [name, value])

describe('fields that steer', () => {
  test('are read unfolded, whatever their case, up to the end of the header', () => {
    const header = [
      'From: a@b.example',
      'x-MAILGW-egress : bulk',
      'X-Mailgw-Not-Before: Sat, 21 Nov 2026',
      '\t22:00:00 +0000  ',
      'X-MQ-Tag:news',
      'X-Mailgw-Tag: for the next hop',
      'X-Mailgwish: no',
      'X-Mailgw-Egress without a colon',
      'Subject: x',
      'X-Mailgw-Ret:',
    ].join('\r\n')
    const found = names(fieldsOf(`${header}\r\n\r\nX-Mailgw-Envid: of the body\r\n`))
    expect(found).toEqual([
      ['X-Mailgw-Egress', 'bulk'],
      ['X-Mailgw-Not-Before', 'Sat, 21 Nov 2026\t22:00:00 +0000'],
      ['x-mq-tag', 'news'],
      ['X-Mailgw-Ret', ''],
    ])
    // A message may be its header alone, without the empty line.
    expect(names(fieldsOf(header))).toEqual(found)
  })

  test('take no more memory than they need, and one that is too long has no value', () => {
    const [long] = fieldsOf(`X-Mailgw-Envid: ${'x'.repeat(2_000_000)}\r\n\r\n`)
    expect(long).toMatchObject({ name: 'X-Mailgw-Envid', value: null })
    const counter = new HopCounter()
    const many = Buffer.from(`${'X-Mailgw-Ret: FULL\r\n'.repeat(5000)}\r\n`)
    counter.read(many, 0, many.length)
    expect(counter.hints()).toMatchObject({ tooMany: true })
    expect(counter.hints()!.fields).toHaveLength(32)
  })

  test('do not hide what else is looked for in the header', () => {
    const counter = new HopCounter()
    const text = Buffer.from(
      'Received: a\r\nX-Mq-Ip: 1\r\nReceived: b\r\nX-M\r\nTLS-Required: no\r\nX-Mailgw-Ret:\r\n\r\n',
    )
    expect(counter.read(text, 0, text.length)).toBe(false)
    expect([counter.hops, counter.tlsOptional]).toEqual([2, true])
  })

  test('are taken off with all of their lines, and the rest stays octet for octet', async () => {
    const message = [
      'Received: from x',
      'X-Mailgw-Class: news',
      'x-mailgw-egress:',
      ' bulk',
      'X-Mq-Smarthost-Password: secret',
      'To: b@c.example,',
      '\td@e.example',
      'X-Mailgw-Tag: kept',
      '',
      'X-Mailgw-Class: of the body',
      '',
    ].join('\r\n')
    const kept = message.replace('X-Mailgw-Class: news\r\nx-mailgw-egress:\r\n bulk\r\n', '')
    expect(await stripped(message, false)).toBe(kept)
    expect(await stripped(message, true)).toBe(kept.replace('X-Mq-Smarthost-Password: secret\r\n', ''))
  })
})

// What steers a delivery must not leave, and what leaves must not have steered: both readings agree on any octets.
test('what was read of a header is what is taken off it, in any segments', async () => {
  const part = fc.constantFrom(
    ...[
      'X-Mailgw-Egress',
      'x-mailgw-ret',
      'X-Mailgw-',
      'X-MQ-ip',
      'X-Mq-',
      'X-M',
      'Q-',
      'Tag',
      'Egress',
      ': ',
      ':',
      ' ',
      '\t',
    ],
    ...['\r\n', '\r\n', '\r\n ', '\r\n\r\n', 'Subject: x', 'é', '\0', '.', 'a'.repeat(70)],
  )
  const text = fc.array(part, { maxLength: 25 }).map((all) => `Received: us\r\n${all.join('')}`)
  const cuts = fc.array(fc.integer({ min: 1, max: 40 }))
  await fc.assert(
    fc.asyncProperty(text, cuts, cuts, async (message, one, other) => {
      const whole = await stripped(message, true)
      expect(await stripped(message, true, other)).toBe(whole)
      const before = fieldsOf(message, one)
      const known = before.filter(({ family, kind }) => family === 'mailerq' || kind !== null)
      // Nothing of it is left to be read, and nothing is gone where nothing was read.
      expect(fieldsOf(whole).filter(({ family, kind }) => family === 'mailerq' || kind !== null)).toEqual([])
      if (known.length === 0) expect(whole).toBe(message)
      else expect(whole.length).toBeLessThan(message.length)
      // Every other line is there, in its order.
      const lines = whole.match(/[^\n]*\n|[^\n]+$/g) ?? []
      let at = 0
      for (const line of message.match(/[^\n]*\n|[^\n]+$/g) ?? []) if (line === lines[at]) at++
      expect(at).toBe(lines.length)
    }),
    { numRuns: 3000 },
  )
})
