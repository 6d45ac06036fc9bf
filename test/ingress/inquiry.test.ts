import { expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import type { Document, RateEntry } from '../../src/config/document.ts'
import { bareLine } from '../../src/graph/evaluator.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import { oracleName } from '../../src/graph/oracle.ts'
import type { Caller, Verdict } from '../../src/ingress/admission.ts'
import { graphAdmission } from '../../src/ingress/graph-admission.ts'
import type { AskOracle, OracleAnswer } from '../../src/ingress/inquiry.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { reasonMark } from '../../src/mail/listed-text.ts'
import { aDocument, client, list, mailbox } from '../compile/a-document.ts'

const stranger: Caller = { ...bareLine, listener: 'mx', client: '203.0.113.9' as IpAddress }
const inside: Caller = { ...stranger, client: '10.1.1.1' as IpAddress }
const bob = mailbox('bob@example.com')
const from = mailbox('a@elsewhere.example')

const admit = (part: Partial<Document>, ask: AskOracle) =>
  graphAdmission(interpreter(compile(aDocument(part)).graph), ask)
const no: OracleAnswer = { outcome: 'clear', reason: null }
const yes = (reason: string | null = null): OracleAnswer => ({ outcome: 'listed', reason })
const reply = (verdict: Verdict): string =>
  verdict.kind === 'refuse' ? `${verdict.reply.code} ${verdict.reply.text}` : 'accepted'

test('all lists are asked before the first one has answered, and each once', async () => {
  const asked: string[] = []
  let answer: (one: OracleAnswer) => void = () => {}
  const first = new Promise<OracleAnswer>((resolve) => (answer = resolve))
  const admission = admit({ dnsbl: [list('a'), list('b'), list('c')] }, (oracle) => {
    asked.push(oracle.id)
    return oracle.id === 'a' ? first : Promise.resolve(no)
  })
  const verdict = admission.rcpt(stranger, from, bob, null)
  expect(asked).toEqual(['a', 'b', 'c'])
  answer(no)
  expect(reply(await verdict)).toBe('accepted')
  expect(asked).toEqual(['a', 'b', 'c'])
  expect((await verdict).answers).toEqual({ 'dnsbl.a': 'clear', 'dnsbl.b': 'clear', 'dnsbl.c': 'clear' })
})

test('what was asked ahead and not needed stands in no record', async () => {
  const admission = admit({ dnsbl: [list('a'), list('b')] }, async (oracle) => (oracle.id === 'a' ? yes() : no))
  expect((await admission.rcpt(stranger, from, bob, null)).answers).toEqual({ 'dnsbl.a': 'listed' })
})

test('a rate behind a list is not counted while the list is waited for, nor when it refuses', async () => {
  const counted: string[] = []
  const rate: RateEntry = { at: 'clients.guests.rates.recipients', of: 'recipients', most: 1, perMs: 1000, by: 'each' }
  const guests = client('guests', ['203.0.113.0/24'], { internal: false, rates: [rate] })
  let outcome = yes()
  const admission = admit({ clients: [guests], dnsbl: [list('a')] }, (oracle) => {
    if (oracle.kind !== 'rate') return Promise.resolve(outcome)
    counted.push(oracleName(oracle))
    return no
  })
  expect(reply(await admission.rcpt(stranger, from, bob, null))).toMatch(/^554/)
  expect(counted).toEqual([])
  outcome = no
  expect(reply(await admission.rcpt(stranger, from, bob, null))).toBe('accepted')
  expect(counted).toEqual(['rate.guests.recipients/1s'])
})

const bytes: RateEntry = { at: 'clients.office.rates.bytes', of: 'bytes', most: 100, perMs: 60_000, by: 'each' }

test('the octets of a message are counted once, whatever its recipients, and not while they come', () => {
  const asked: { peek: boolean; sizeBytes: number | null }[] = []
  const admission = admit(
    { clients: [client('office', ['10.0.0.0/8'], { rates: [bytes] })] },
    (_, { sizeBytes }, peek) => {
      asked.push({ peek, sizeBytes })
      return no
    },
  )
  const recipients = ['a', 'b', 'c'].map((name) => {
    const original = mailbox(`${name}@example.com`)
    return { mailbox: original, original, notify: null, orcpt: null }
  })
  const during = admission.data(inside, from, recipients, { sizeBytes: 50, hops: null })
  const after = admission.data(inside, from, recipients, { sizeBytes: 90, hops: 1 })
  // Neither has to be waited for.
  expect(during).not.toBeInstanceOf(Promise)
  expect(after).not.toBeInstanceOf(Promise)
  expect(asked).toEqual([
    { peek: true, sizeBytes: 50 },
    { peek: false, sizeBytes: 90 },
  ])
})

test('a listing without a text of the document has the list’s words behind ours, if it has any', async () => {
  const text = 'client host is listed by a.dnsbl.example'
  const said = async (reason: string | null) => {
    const admission = admit({ dnsbl: [list('a', { onListed: { code: 554, text } })] }, async () => yes(reason))
    return reply(await admission.rcpt(stranger, from, bob, null))
  }
  expect(await said('Listed, see http://x.example/?ip')).toBe(`554 ${text}: Listed, see http://x.example/?ip`)
  expect(await said(null)).toBe(`554 ${text}`)
})

test('a text of the document has the reason where it says so, and nowhere else', async () => {
  const said = async (text: string, reason: string | null) => {
    const admission = admit({ dnsbl: [list('a', { onListed: { code: 554, text } })] }, async () => yes(reason))
    return reply(await admission.rcpt(stranger, from, bob, null))
  }
  expect(await said('go away', 'because')).toBe('554 go away')
  expect(await said(`no (${reasonMark}), sorry`, 'because')).toBe('554 no (because), sorry')
  expect(await said(`no: ${reasonMark}`, null)).toBe('554 no')
  // Strangers write reasons: nothing in them means anything.
  expect(await said(`no: ${reasonMark}`, `$& ${reasonMark} $1`)).toBe(`554 no: $& ${reasonMark} $1`)
  expect((await said(`no: ${reasonMark}`, 'x'.repeat(5000))).length).toBeLessThan(220)
})

test('who throws or rejects has not been found out', async () => {
  const thrower = admit({ dnsbl: [list('a', { onError: 'defer' })] }, () => {
    throw new Error('broken')
  })
  expect(reply(await thrower.rcpt(stranger, from, bob, null))).toMatch(/^451/)
  const rejecter = admit({ dnsbl: [list('a', { onError: 'defer' })] }, () => Promise.reject(new Error('broken')))
  expect(reply(await rejecter.rcpt(stranger, from, bob, null))).toMatch(/^451/)
})

test('what is noted before and behind a list is all told, and nothing where nothing is', async () => {
  const part: Partial<Document> = {
    dnsbl: [list('a', { mode: 'observe' }), list('b', { onListed: { tag: 'odd' } })],
  }
  const admission = admit(part, async () => yes())
  const verdict = await admission.rcpt(stranger, from, bob, null)
  expect(verdict.notes?.map(({ note, at }) => `${note} ${at}`)).toEqual(['observe dnsbl["a"]', 'tag dnsbl["b"]'])
  expect(await admit(part, async () => no).rcpt(stranger, from, bob, null)).not.toHaveProperty('notes')
})
