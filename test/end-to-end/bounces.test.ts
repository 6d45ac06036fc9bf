import { expect, test } from 'vitest'
import { type Answer, behave, ehloReply, oddServer } from '../egress/odd-server.ts'
import { startGateway, until } from '../support/gateway.ts'
import { freePort, peers } from '../support/peer.ts'
import { faultsOf, type Judged, judged } from '../support/report-judge.ts'
import { openClient } from './client.ts'
import { maildir, received, site } from './site.ts'

/** What a host does at one command; everything else as it should. */
type At = Readonly<Record<string, Answer>>

type Case = {
  readonly name: string
  /** `null`: no host listens there. */
  readonly host: At | null
  readonly ehlo?: readonly string[]
  readonly from?: string
  readonly mail?: string
  /** Local parts, with parameters of RCPT. */
  readonly rcpt?: readonly string[]
  readonly content?: string
  /** `[action, status, part of the diagnostic]` by recipient; empty: nobody is told. */
  readonly want: readonly (readonly [action: string, status: string, diagnostic: string])[]
  readonly also?: (report: Judged) => void
}

const plain = ['SIZE 10000000', '8BITMIME', 'PIPELINING']
const refusedRcpt: At = { RCPT: '550 5.1.1 no such user\r\n' }

const cases: readonly Case[] = [
  { name: '550 5.1.1 to RCPT', host: refusedRcpt, want: [['failed', '5.1.1', 'smtp; 550 5.1.1 no such user']] },
  { name: '550 without a status', host: { RCPT: '550 go away\r\n' }, want: [['failed', '5.0.0', '550 go away']] },
  { name: '551 to RCPT', host: { RCPT: '551 5.1.6 moved\r\n' }, want: [['failed', '5.1.6', '551 5.1.6 moved']] },
  { name: '553 to RCPT', host: { RCPT: '553 5.1.3 bad\r\n' }, want: [['failed', '5.1.3', '553 5.1.3 bad']] },
  { name: '556 to RCPT', host: { RCPT: '556 5.1.10 null\r\n' }, want: [['failed', '5.1.10', '556 5.1.10 null']] },
  {
    name: 'a reply of several lines',
    host: { RCPT: '550-5.7.1 see\r\n550-5.7.1 our rules\r\n550 5.7.1 bye\r\n' },
    want: [['failed', '5.7.1', 'see our rules bye']],
  },
  { name: '554 to MAIL', host: { MAIL: '554 5.7.1 not you\r\n' }, want: [['failed', '5.7.1', '554 5.7.1 not you']] },
  { name: '554 to DATA', host: { DATA: '554 5.5.1 none\r\n' }, want: [['failed', '5.5.1', '554 5.5.1 none']] },
  {
    name: '554 to the content',
    host: { CONTENT: '554 5.7.1 spam\r\n' },
    want: [['failed', '5.7.1', '554 5.7.1 spam']],
  },
  {
    name: '552 to the content',
    host: { CONTENT: '552 5.2.2 full\r\n' },
    want: [['failed', '5.2.2', '552 5.2.2 full']],
  },
  {
    name: '521 in the greeting: it takes no mail (RFC 7504)',
    host: { CONNECT: { close: 'after', text: '521 5.3.2 no mail here\r\n' } },
    want: [['failed', '5.3.2', '521 5.3.2 no mail here']],
  },
  {
    name: 'a status of another class than the reply is none (RFC 2034 §4)',
    host: { RCPT: '550 4.7.1 odd\r\n' },
    want: [['failed', '5.0.0', '550 4.7.1 odd']],
  },
  {
    name: 'text beyond ASCII',
    host: { RCPT: Buffer.from('550 5.1.1 gibt es nicht: jös\r\n').toString('latin1') },
    want: [['failed', '5.1.1', '550 5.1.1 gibt es nicht']],
  },
  {
    name: 'text that would be a field, and hides',
    host: { RCPT: '550 5.1.1 x\t\x0bAction: delivered \x1b[2J\r\n' },
    want: [['failed', '5.1.1', 'Action: delivered']],
  },
  {
    name: 'greylisted for ever',
    host: { RCPT: '450 4.7.1 later\r\n' },
    want: [['failed', '4.4.7', '450 4.7.1 later']],
  },
  { name: '552 to RCPT is 452', host: { RCPT: '552 5.5.3 too many\r\n' }, want: [['failed', '4.4.7', '552 5.5.3']] },
  { name: '421 to MAIL', host: { MAIL: '421 4.3.2 closing\r\n' }, want: [['failed', '4.4.7', '421 4.3.2 closing']] },
  {
    name: '451 to the content',
    host: { CONTENT: '451 4.3.0 disk\r\n' },
    want: [['failed', '4.4.7', '451 4.3.0 disk']],
  },
  {
    name: '554 in the greeting is about us, and waits (EX-60)',
    host: { CONNECT: { close: 'after', text: '554 5.7.1 bad reputation\r\n' } },
    want: [['failed', '4.4.7', '']],
  },
  {
    name: '550 to EHLO and HELO waits too',
    host: { EHLO: '550 5.7.1 no\r\n', HELO: '550 5.7.1 no\r\n' },
    want: [['failed', '4.4.7', '']],
  },
  { name: 'lost before the greeting', host: { CONNECT: { close: 'before' } }, want: [['failed', '4.4.7', '']] },
  { name: 'lost at the content', host: { CONTENT: { close: 'before' } }, want: [['failed', '4.4.7', 'x-mailgw; ']] },
  {
    name: 'no host there',
    host: null,
    want: [['failed', '4.4.7', 'x-mailgw; ']],
    also: ({ groups }) => expect(groups[1]).not.toHaveProperty('remote-mta'),
  },
  {
    name: 'larger than the host takes: we know it before we ask',
    host: {},
    ehlo: ['SIZE 300'],
    content: `Subject: big\r\n\r\n${'x'.repeat(70)}\r\n`.repeat(10),
    want: [['failed', '5.3.4', 'x-mailgw; ']],
  },
  {
    name: 'one of two fails',
    host: { 'RCPT b': '550 5.1.1 no b\r\n' },
    rcpt: ['a', 'b'],
    want: [['failed', '5.1.1', 'no b']],
    also: ({ groups }) => expect(groups[1]!['final-recipient']).toMatch(/^rfc822; b@/),
  },
  {
    name: 'three fail, each in its own way, in one report',
    host: { 'RCPT a': '550 5.1.1 one\r\n', 'RCPT b': '550 5.2.1 two\r\n', 'RCPT c': '554 5.7.1 three\r\n' },
    rcpt: ['a', 'b', 'c'],
    want: [
      ['failed', '5.1.1', 'one'],
      ['failed', '5.2.1', 'two'],
      ['failed', '5.7.1', 'three'],
    ],
  },
  { name: 'NOTIFY=NEVER', host: refusedRcpt, rcpt: ['a NOTIFY=NEVER'], want: [] },
  { name: 'NOTIFY=SUCCESS and failure', host: refusedRcpt, rcpt: ['a NOTIFY=SUCCESS'], want: [] },
  { name: 'NOTIFY=DELAY and failure', host: refusedRcpt, rcpt: ['a NOTIFY=DELAY'], want: [] },
  {
    name: 'NOTIFY=FAILURE',
    host: refusedRcpt,
    rcpt: ['a NOTIFY=FAILURE', 'b NOTIFY=NEVER'],
    want: [['failed', '5.1.1', '']],
  },
  { name: 'the null reverse-path', host: refusedRcpt, from: '', want: [] },
  {
    name: 'success where the host knows no DSN',
    host: {},
    ehlo: plain,
    rcpt: ['a NOTIFY=SUCCESS'],
    want: [['relayed', '2.1.9', '']],
    also: ({ groups, parts }) => {
      expect(groups[1]).toHaveProperty('remote-mta')
      expect(parts[2]).toBe('text/rfc822-headers')
    },
  },
  { name: 'success where the host knows DSN: it will tell', host: {}, rcpt: ['a NOTIFY=SUCCESS'], want: [] },
  {
    name: 'RET=HDRS',
    host: refusedRcpt,
    mail: 'RET=HDRS',
    want: [['failed', '5.1.1', '']],
    also: ({ parts, returned }) => {
      expect(parts[2]).toBe('text/rfc822-headers')
      expect(returned).not.toContain('the content')
    },
  },
  {
    name: 'RET=FULL',
    host: refusedRcpt,
    mail: 'RET=FULL',
    want: [['failed', '5.1.1', '']],
    also: ({ parts, returned }) => {
      expect(parts[2]).toBe('message/rfc822')
      expect(returned).toContain('the content')
    },
  },
  {
    name: 'RET=FULL of a large message returns its header',
    host: refusedRcpt,
    mail: 'RET=FULL',
    content: `Subject: large\r\n\r\n${`${'y'.repeat(76)}\r\n`.repeat(15_000)}`,
    want: [['failed', '5.1.1', '']],
    also: ({ parts }) => expect(parts[2]).toBe('text/rfc822-headers'),
  },
  {
    name: 'ENVID and ORCPT come back decoded',
    host: refusedRcpt,
    mail: 'ENVID=QQ+2B314+3D',
    rcpt: ['a NOTIFY=FAILURE ORCPT=rfc822;Ann+2Bx+40old.test'],
    want: [['failed', '5.1.1', '']],
    also: ({ groups }) => {
      expect(groups[0]!['original-envelope-id']).toBe('QQ+314=')
      expect(groups[1]!['original-recipient']).toBe('rfc822; Ann+x@old.test')
    },
  },
  {
    name: 'a quoted local part',
    host: refusedRcpt,
    rcpt: ['"a b"'],
    want: [['failed', '5.1.1', '']],
    also: ({ groups }) => expect(groups[1]!['final-recipient']).toMatch(/^rfc822; "a b"@/),
  },
  {
    name: 'the reasons are told in plain words, with what the host said, and the message is named',
    host: refusedRcpt,
    content: 'Subject: =?utf-8?Q?Rechnung_f=C3=BCr_M=C3=A4rz?=\r\n\r\nthe content\r\n',
    want: [['failed', '5.1.1', '']],
    also: ({ text }) => {
      expect(text).toContain('There is no such mailbox.')
      expect(text).toMatch(/\[127\.0\.0\.1\]:\d+ said: 550 5\.1\.1 no such user/)
      expect(text).toContain('subject   Rechnung für März')
    },
  },
]

test.skipIf(!peers('python3'))(
  `bounces by RFC 3464: ${cases.length} ways in which mail fails or is handed on, each judged by another reader of mail (EX-51, EX-52, EX-60, D1.12, D1.13, D2 row 3461)`,
  async () => {
    const port = await freePort()
    const localMx: Record<string, string> = {}
    for (const [number, { host, ehlo }] of cases.entries()) {
      const server = await oddServer((verb, line, session) => {
        if (host === null) return null
        const special = host[`${verb} ${/<"?([a-z])/.exec(line)?.[1] ?? ''}`] ?? host[verb]
        if (special !== undefined) return special
        return verb === 'EHLO' && ehlo !== undefined ? ehloReply(...ehlo) : behave(verb, line, session)
      })
      if (host === null) await server.close()
      localMx[`d${number}.test`] = `127.0.0.1:${server.port}`
    }
    const gateway = await startGateway(site({ port, localMx, retry: { schedule: ['1s'], expireAfter: '3s' } }))
    const client = await openClient(port)
    for (const [number, { name, from = `s${number}@here.test`, mail, rcpt = ['a'], content }] of cases.entries()) {
      const replies = await client.replies(
        rcpt.length + 2,
        `MAIL FROM:<${from}>${mail === undefined ? '' : ` ${mail}`}`,
        ...rcpt.map((one) => {
          const [, localPart = '', rest = ''] = /^("[^"]*"|\S+)(.*)$/.exec(one) ?? []
          return `RCPT TO:<${localPart}@d${number}.test>${rest}`
        }),
        'DATA',
      )
      expect(
        replies.slice(0, -1).every((line) => line.startsWith('250')),
        `${name}: ${replies.join(' / ')}`,
      ).toBe(true)
      expect(await client.say(`${content ?? 'Subject: the original\r\n\r\nthe content\r\n'}.`), name).toMatch(/^250/)
    }
    await until('nothing is queued', async () => (await gateway.queue()).length === 0, 30_000)

    const wanted = cases.flatMap((one, number) => (one.want.length === 0 ? [] : [{ ...one, number }]))
    const texts = await Promise.all(wanted.map(({ number }) => received(gateway.stateDir, `s${number}@here.test`)))
    const reports = judged(texts.map(([text]) => text!))
    for (const [i, { name, want, also }] of wanted.entries()) {
      const report = reports[i]!
      expect(texts[i], name).toHaveLength(1)
      expect(texts[i]![0], name).toMatch(/^Return-Path: <>$/m)
      expect(faultsOf(report), name).toEqual([])
      const got = report.groups.slice(1).map((group) => [group['action'], group['status']])
      expect(got, name).toEqual(want.map(([action, status]) => [action, status]))
      for (const [at, [, , diagnostic]] of want.entries()) {
        expect(report.groups[at + 1]!['diagnostic-code'] ?? '', name).toContain(diagnostic)
      }
      also?.(report)
    }
    for (const [number, { name, want }] of cases.entries()) {
      if (want.length === 0) expect(maildir(gateway.stateDir, `s${number}@here.test`), name).toEqual([])
    }
  },
  60_000,
)
