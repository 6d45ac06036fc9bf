import { expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import type { Document } from '../../src/config/document.ts'
import { bareLine } from '../../src/graph/evaluator.ts'
import type { Outcome } from '../../src/graph/graph.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import type { Asked, Caller } from '../../src/ingress/admission.ts'
import { graphAdmission } from '../../src/ingress/graph-admission.ts'
import type { AskOracle } from '../../src/ingress/inquiry.ts'
import type { Recipient } from '../../src/mail/envelope.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { aDocument, alias, client, deny, domain, list, mailbox } from '../compile/a-document.ts'

const stranger: Caller = { ...bareLine, listener: 'mx', client: '192.0.2.1' as IpAddress }
const office: Caller = { ...bareLine, listener: 'lan', client: '10.1.2.3' as IpAddress }
const sender = mailbox('a@elsewhere.example')

function admit(part: Partial<Document>, ask: AskOracle = async () => ({ outcome: 'clear', reason: null })) {
  const { graph, diagnostics } = compile(aDocument(part))
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return graphAdmission(interpreter(graph), ask)
}

const line = async (asked: Asked): Promise<string> => {
  const verdict = await asked
  if (verdict.kind === 'refuse') return `${verdict.reply.code} ${verdict.reply.status} ${verdict.at}`
  return `ok ${verdict.recipients.map((one) => one.text).join(',')}`
}

const recipient = (text: string): Recipient => ({
  mailbox: mailbox(text),
  original: mailbox(text),
  notify: null,
  orcpt: null,
})

test('names its graph, limits and postmaster', () => {
  const admission = admit({})
  expect(admission.hash).toMatch(/\w{8}/)
  expect(admission.limits.maxRecipients).toBe(100)
  expect(admission.postmaster.text).toBe('postmaster@gw.example.com')
})

test('takes mail for the postmaster of its own name from everybody, and expands it', async () => {
  const { rcpt, postmaster } = admit({
    postmaster: mailbox('help@example.com'),
    domains: [domain('example.com', 'local', ['joe'])],
    aliases: [alias('help@example.com', 'joe@example.com')],
    deny: [deny(0, { recipient: ['gw.example.com'] })],
  })
  expect(await line(rcpt(stranger, sender, postmaster, null))).toBe('ok joe@example.com')
})

test('asks each stage with what is known by then', async () => {
  const admission = admit({
    domains: [domain('example.com', 'local', ['bob'])],
    aliases: [alias('all@example.com', 'bob@example.com', 'eve@far.example')],
    deny: [deny(0, { client: ['192.0.2.66/32'] }), deny(1, { sender: ['*.bad.example'] })],
  })
  expect(await line(admission.connect(stranger))).toBe('ok ')
  expect(await line(admission.connect({ ...stranger, client: '192.0.2.66' as IpAddress }))).toMatch(
    /^55[04] 5\.7\.1 deny\[0\]/,
  )
  expect(await line(admission.mail(stranger, sender, null))).toBe('ok ')
  expect(await line(admission.mail(stranger, null, 1000))).toBe('ok ')
  expect(await line(admission.mail(stranger, mailbox('x@very.bad.example'), null))).toMatch(/^550 5\.7\.1 deny\[1\]/)
  expect(await line(admission.mail(stranger, sender, 1001))).toMatch(/^552 5\.3\.4 /)
  expect(await line(admission.rcpt(stranger, sender, mailbox('bob@example.com'), null))).toBe('ok bob@example.com')
  expect(await line(admission.rcpt(stranger, sender, mailbox('no@example.com'), null))).toMatch(/^550 5\.1\.1 /)
  expect(await line(admission.rcpt(stranger, sender, mailbox('all@example.com'), null))).toBe(
    'ok bob@example.com,eve@far.example',
  )
  expect(await line(admission.rcpt(stranger, sender, mailbox('x@far.example'), null))).toMatch(/^550 5\.7\.1 /)
  expect(await line(admission.rcpt(office, sender, mailbox('x@far.example'), null))).toBe('ok x@far.example')
})

test('the content is asked for each recipient, and a refusal for one refuses the message', async () => {
  const small = deny(
    0,
    { recipient: ['small@example.com'], sizeOverBytes: 100 },
    { code: 552, status: '5.3.4', text: 'x' },
  )
  const admission = admit({ deny: [small] })
  const content = (sizeBytes: number, hops = 0) => ({ sizeBytes, hops })
  const both = [recipient('bob@example.com'), recipient('small@example.com')]
  expect(await line(admission.data(stranger, sender, both, content(100)))).toBe('ok ')
  expect(await line(admission.data(stranger, sender, both, content(101)))).toMatch(/^552 5\.3\.4 deny\[0\]/)
  expect(await line(admission.data(stranger, sender, both.slice(0, 1), content(101)))).toBe('ok ')
  expect(await line(admission.data(stranger, sender, both, content(1001)))).toMatch(/^552 5\.3\.4 /)
  expect(await line(admission.data(stranger, sender, both, content(1, 100)))).toBe('ok ')
  expect(await line(admission.data(stranger, sender, both, content(1, 101)))).toMatch(/^554 5\.4\.6 limits\.maxHops/)
})

test('is no promise unless an oracle is asked, and what the oracle cannot find out is an error', async () => {
  const asked: string[] = []
  let outcome: Outcome | Error = 'listed'
  const ask: AskOracle = (oracle, { client }) => {
    asked.push(`${oracle.id} ${client}`)
    return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve({ outcome, reason: null })
  }
  const admission = admit(
    { dnsbl: [list('zen', { onError: 'defer' })], clients: [client('office', ['10.0.0.0/8'])] },
    ask,
  )
  const bob = mailbox('bob@example.com')
  expect(admission.mail(stranger, sender, null)).not.toBeInstanceOf(Promise)
  expect(admission.rcpt(office, sender, bob, null)).not.toBeInstanceOf(Promise)
  expect(asked).toEqual([])
  const first = admission.rcpt(stranger, sender, bob, null)
  // Another session asks meanwhile: the first question keeps its own facts.
  expect(await line(admission.rcpt(office, null, mailbox('x@far.example'), null))).toBe('ok x@far.example')
  expect(await line(first)).toMatch(/^55\d 5\.7\.1 dnsbl/)
  outcome = 'clear'
  expect(await line(admission.rcpt(stranger, sender, bob, null))).toBe('ok bob@example.com')
  outcome = new Error('resolver is gone')
  expect(await line(admission.rcpt(stranger, sender, bob, null))).toMatch(/^4\d\d 4\./)
  expect(asked).toEqual(Array(3).fill('zen 192.0.2.1'))
})
