import { describe, expect, test } from 'vitest'
import type { Control } from '../../src/graph/control.ts'
import { addressingOf } from '../../src/ingress/addressing.ts'
import type { Clock } from '../../src/mail/clock.ts'
import type { Envelope } from '../../src/mail/envelope.ts'
import type { SrsSettings } from '../../src/mail/srs.ts'
import { envelopeText, parseEnvelopeText } from '../../src/queue/stored-envelope.ts'
import { mailbox, message } from '../egress/lane.ts'

const clock = { now: () => Date.UTC(2026, 4, 1) } as Clock
const srs = (of: SrsSettings['of']): SrsSettings => ({
  domain: 'corp.example',
  secrets: [{ $secret: 'env:S' }],
  validDays: 7,
  of,
  ours: ['*.corp.example', 'corp.example'],
})
const addressing = (control: Partial<Control>) => addressingOf(control as Control, new Map([['env:S', 'x']]), clock)

const envelope = (from: string | null, ...to: (readonly [string, string])[]): Envelope => ({
  ...message({ from }).envelope,
  recipients: to.map(([now, asked]) => ({
    mailbox: mailbox(now),
    original: mailbox(asked),
    notify: null,
    orcpt: null,
  })),
})
const sendersOf = ({ recipients }: Envelope) =>
  recipients.map(({ sender }) => sender?.text.replace(/=.*=/, '=...=') ?? null)

describe('the envelope that is stored', () => {
  const forwarded = ['x@far.example', 'list@corp.example'] as const
  const relayed = ['y@far.example', 'y@far.example'] as const
  const own = ['ann@sub.corp.example', 'list@corp.example'] as const

  test.each([
    ['forwarded', 'a@partner.example', ['SRS0=...=a@corp.example', null, null]],
    ['leaving', 'a@partner.example', ['SRS0=...=a@corp.example', 'SRS0=...=a@corp.example', null]],
    ['leaving', 'a@sub.corp.example', [null, null, null]],
    ['leaving', null, [null, null, null]],
    ['leaving', '"a b"@partner.example', [null, null, null]],
  ] as const)('has a return address towards whom the mail leaves (%s, from %s)', (of, from, wanted) => {
    const sealed = addressing({ srs: srs(of) }).sealed(envelope(from, forwarded, relayed, own), null)
    expect(sendersOf(sealed)).toEqual(wanted)
    expect(sealed.from?.text ?? null).toBe(from)
  })

  test('of what came back to a return address goes on to its sender, and not around again', () => {
    const { sealed, back } = addressing({ srs: srs('leaving') })
    const [out] = sealed(envelope('a@partner.example', forwarded), null).recipients
    const returned = back(out!.sender!)
    expect(returned).toEqual({ kind: 'to', mailbox: mailbox('a@partner.example') })
    const again = sealed(envelope('robot@far.example', ['a@partner.example', out!.sender!.text]), null)
    expect(sendersOf(again)).toEqual([null])
  })

  test('names the sender that leaves, the one that was said, and each journal once, without a sender', () => {
    const rewritings = [{ name: 'rewrite', senders: [['*.host.internal', 'corp.example']] as const }]
    const marks = { rewriting: 'rewrite', journals: new Set(['report:j@archive.example', 'message:k@archive.example']) }
    const sealed = addressing({ rewritings }).sealed(envelope('a@web.host.internal', relayed), marks)
    expect(sealed).toMatchObject({
      rewriting: 'rewrite',
      from: { text: 'a@corp.example' },
      said: { text: 'a@web.host.internal' },
    })
    expect(sealed.recipients.slice(1)).toMatchObject([
      { mailbox: { text: 'j@archive.example' }, journal: 'report', sender: null, notify: [] },
      { mailbox: { text: 'k@archive.example' }, journal: 'message', sender: null, notify: [] },
    ])
    expect(parseEnvelopeText(envelopeText(sealed))).toEqual(sealed)
  })

  test('is the one that came where nothing is said of it, and the spool has not one octet more', () => {
    const came = envelope('a@partner.example', relayed)
    expect(addressing({}).sealed(came, null)).toBe(came)
    expect(envelopeText(came)).not.toMatch(/said|sender|journal|rewriting/)
  })

  test('keeps the null sender null, and an address that no row is for', () => {
    const rewritings = [{ name: 'rewrite', senders: [['*', 'corp.example']] as const, except: ['keep.example'] }]
    const marks = { rewriting: 'rewrite', journals: new Set<string>() }
    const { sealed } = addressing({ rewritings })
    expect(sealed(envelope(null, relayed), marks).from).toBeNull()
    expect(sealed(envelope('a@keep.example', relayed), marks)).not.toHaveProperty('said')
  })
})
