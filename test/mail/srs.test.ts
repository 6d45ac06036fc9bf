import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Mailbox, parseMailbox } from '../../src/mail/path.ts'
import { createSrs } from '../../src/mail/srs.ts'

const mailbox = (text: string): Mailbox => {
  const parsed = parseMailbox(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}
const settings = { domain: 'srs.corp.example', validDays: 7 }
const srs = createSrs(settings, ['new secret', 'old secret'])
const day = 86_400_000
const now = Date.UTC(2026, 4, 1)

describe('a sender that is rewritten (SRS, part (c) 11)', () => {
  test('names its hash, its day and whom it stands for', () => {
    expect(srs.forward(mailbox('ann@partner.example'), now)?.text).toMatch(
      /^SRS0=[A-Z2-7]{8}=[A-Z2-7]{2}=partner\.example=ann@srs\.corp\.example$/,
    )
  })

  const atom = fc.stringMatching(/^[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]{1,12}$/)
  const sender = fc
    .tuple(fc.array(atom, { minLength: 1, maxLength: 2 }), fc.stringMatching(/^[a-z0-9]{1,10}\.example$/))
    .map(([locals, domain]) => mailbox(`${locals.join('.')}@${domain}`))

  test('finds its way back within its time, whatever a host made of its case', () => {
    fc.assert(
      fc.property(sender, fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 2000 }), (from, age, start) => {
        const at = now + start * day
        const out = srs.forward(from, at)
        if (out === null) return
        expect(out.localPart.length).toBeLessThanOrEqual(64)
        for (const text of [out.text, out.text.toLowerCase(), out.text.toUpperCase()]) {
          const back = srs.back(mailbox(text), at + age * day)
          expect(back.kind === 'to' && back.mailbox.text.toLowerCase()).toBe(from.text.toLowerCase())
        }
        expect(srs.back(out, at + age * day)).toEqual({ kind: 'to', mailbox: from })
      }),
    )
  })

  test('is nobody else’s to make: with any octet changed it leads nowhere', () => {
    const out = srs.forward(mailbox('ann@partner.example'), now)!
    fc.assert(
      fc.property(
        fc.integer({ min: 5, max: out.localPart.length - 1 }),
        fc.constantFrom(...'ab2c7=+-.xyz'),
        (at, char) => {
          const changed = `${out.localPart.slice(0, at)}${char}${out.localPart.slice(at + 1)}`
          if (changed.toLowerCase() === out.localPart.toLowerCase()) return
          const parsed = parseMailbox(`${changed}@srs.corp.example`)
          if (parsed.ok) expect(srs.back(parsed.value, now).kind).toBe('refused')
        },
      ),
      { numRuns: 500 },
    )
  })

  test.each([
    ['SRS0=ABCDEFGH=AA=victim.example=ann', 'forged'],
    ['SRS0==AA=victim.example=ann', 'malformed'],
    ['SRS0', 'malformed'],
    ['SRS1', 'malformed'],
    ['SRS1=ABCDEFGH=victim.example==x', 'forged'],
    ['SRS1=ABCDEFGH=victim.example', 'malformed'],
    ['srs0=a', 'malformed'],
  ])('that somebody made up is refused: %s', (localPart, why) => {
    const made = mailbox(`${localPart}@srs.corp.example`)
    expect(srs.isReturn(made)).toBe(true)
    expect(srs.back(made, now)).toEqual({ kind: 'refused', why })
  })

  test('is good for its days, and for one before them where a clock is ahead', () => {
    const out = srs.forward(mailbox('ann@partner.example'), now)!
    expect(srs.back(out, now + 7 * day).kind).toBe('to')
    expect(srs.back(out, now + 8 * day)).toEqual({ kind: 'refused', why: 'expired' })
    expect(srs.back(out, now - day).kind).toBe('to')
    expect(srs.back(out, now - 2 * day)).toEqual({ kind: 'refused', why: 'expired' })
  })

  test('of the secret before this one is still believed, of one that is gone no more', () => {
    const old = createSrs(settings, ['old secret']).forward(mailbox('ann@partner.example'), now)!
    expect(srs.back(old, now).kind).toBe('to')
    expect(createSrs(settings, ['new secret']).back(old, now)).toEqual({ kind: 'refused', why: 'forged' })
  })

  test('that another host has rewritten goes back to that host, and so does what a third one has', () => {
    const first = createSrs({ domain: 'first.example', validDays: 7 }, ['theirs'])
    const second = createSrs({ domain: 'second.example', validDays: 7 }, ['another'])
    const once = first.forward(mailbox('ann@a.example'), now)!
    const twice = second.forward(once, now)!
    expect(twice.localPart).toMatch(/^SRS1=[A-Z2-7]{8}=first\.example==/)
    expect(second.back(twice, now)).toEqual({ kind: 'to', mailbox: once })
    const thrice = srs.forward(twice, now)!
    expect(thrice.localPart).toMatch(/^SRS1=[A-Z2-7]{8}=first\.example==/)
    expect(srs.back(thrice, now)).toEqual({ kind: 'to', mailbox: once })
    expect(first.back(once, now)).toEqual({ kind: 'to', mailbox: mailbox('ann@a.example') })
  })

  test.each(['"a b"@partner.example', 'ann@[192.0.2.1]', `${'a'.repeat(50)}@partner.example`, 'ä@partner.example'])(
    'stays as it is where it would not fit: %s',
    (text) => expect(srs.forward(mailbox(text), now)).toBeNull(),
  )

  test('of another domain, or another form, is no address of ours', () => {
    expect(srs.isReturn(mailbox('SRS0=x@corp.example'))).toBe(false)
    expect(srs.isReturn(mailbox('srs0x@srs.corp.example'))).toBe(false)
    expect(srs.isReturn(mailbox('sRs1+x@srs.corp.example'))).toBe(true)
  })
})
