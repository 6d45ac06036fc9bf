import { connect, type Socket } from 'node:net'
import { pathText } from '../../../graph/interpret.ts'
import type { Mailbox } from '../../../mail/path.ts'
import { testHeader } from './stub-host.ts'

/** A message to hand to a gateway, from a loopback address of its own. */
export type Submission = {
  readonly from: string
  readonly port: number
  /** What it says in EHLO. */
  readonly helo: string
  readonly sender: Mailbox | null
  readonly recipient: Mailbox | null
  /** Octets of the content; announced, and made up to. `null`: as they come, not announced. */
  readonly sizeBytes: number | null
  /** Received lines. */
  readonly hops: number
  readonly test: number
}

export type Submitted =
  | {
      readonly kind: 'refused'
      readonly at: 'connect' | 'helo' | 'mail' | 'rcpt' | 'data'
      readonly code: number
      readonly text: string
    }
  /** `id` is that of the queue; `null` when no recipient was given, and so nothing sent. */
  | { readonly kind: 'accepted'; readonly id: string | null }
  | { readonly kind: 'broken'; readonly why: string }

const patienceMs = 20_000

/** What is said in EHLO where a case says nothing of it. */
export const unsaidHelo = 'client.mailgw-test.invalid'

/** One mail transaction, command by command, up to the first refusal. */
export async function submit(submission: Submission): Promise<Submitted> {
  const socket = connect({ host: '127.0.0.1', port: submission.port, localAddress: submission.from })
  const replies = replyReader(socket)
  try {
    return await transaction(submission, socket, replies)
  } catch (error) {
    return { kind: 'broken', why: (error as Error).message }
  } finally {
    socket.destroy()
  }
}

async function transaction(submission: Submission, socket: Socket, next: NextReply): Promise<Submitted> {
  const { sender, recipient, sizeBytes } = submission
  const refused = (at: Extract<Submitted, { kind: 'refused' }>['at'], { code, text }: Reply): Submitted => ({
    kind: 'refused',
    at,
    code,
    text,
  })
  const say = (line: string): Promise<Reply> => {
    socket.write(`${line}\r\n`)
    return next()
  }
  const greeting = await next()
  if (greeting.code !== 220) return refused('connect', greeting)
  const hello = await say(`EHLO ${submission.helo}`)
  if (hello.code !== 250) return refused('helo', hello)
  const size = sizeBytes === null ? '' : ` SIZE=${sizeBytes}`
  const needsUtf8 = [sender, recipient].some((path) => path !== null && /[^\x00-\x7f]/.test(path.text))
  const path = sender === null ? '<>' : `<${pathText(sender)}>`
  const mail = await say(`MAIL FROM:${path}${size}${needsUtf8 ? ' SMTPUTF8' : ''}`)
  if (mail.code !== 250) return refused('mail', mail)
  if (recipient === null) return { kind: 'accepted', id: null }
  const rcpt = await say(`RCPT TO:<${recipient.text}>`)
  if (rcpt.code !== 250) return refused('rcpt', rcpt)
  const data = await say('DATA')
  if (data.code !== 354) return refused('data', data)
  socket.write(contentOf(submission))
  const done = await say('.')
  if (done.code !== 250) return refused('data', done)
  return { kind: 'accepted', id: /queued as (\S+)/.exec(done.text)?.[1] ?? null }
}

/** Smallest content that can be sent: its headers. */
export const leastSize = (submission: Submission): number => headersOf(submission).length

function headersOf({ hops, test }: Submission): string {
  const received = 'Received: from a.invalid by b.invalid; Thu, 01 Jan 2026 00:00:00 +0000\r\n'
  return `${received.repeat(hops)}${testHeader}: ${test}\r\nFrom: test@mailgw-test.invalid\r\n`
}

function contentOf(submission: Submission): string {
  const headers = headersOf(submission)
  const { sizeBytes } = submission
  if (sizeBytes === null) return `${headers}\r\ntest\r\n`
  const left = sizeBytes - headers.length
  // A header may end the message; otherwise an empty line comes first, and lines stay short.
  if (left < 2) return `${headers.slice(0, -2)}${'x'.repeat(left)}\r\n`
  return `${headers}\r\n${filler(left - 2)}`
}

const line = `${'x'.repeat(70)}\r\n`

function filler(octets: number): string {
  const whole = Math.floor(octets / line.length)
  const rest = octets % line.length
  // A line of one octet could not end in CRLF: it makes the line before longer.
  if (rest < 3 && whole > 0) return `${line.repeat(whole - 1)}${'x'.repeat(rest)}${line}`
  return `${line.repeat(whole)}${rest === 0 ? '' : rest < 3 ? '\r\n'.slice(0, rest) : `${'x'.repeat(rest - 2)}\r\n`}`
}

type Reply = { readonly code: number; readonly text: string }
type NextReply = () => Promise<Reply>

function replyReader(socket: Socket): NextReply {
  let buffer = ''
  let waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | null = null
  let failed: Error | null = null
  const timer = setTimeout(() => fail(new Error(`no reply within ${patienceMs / 1000} s`)), patienceMs)
  const fail = (error: Error) => {
    failed ??= error
    waiting?.reject(failed)
    waiting = null
  }
  const look = () => {
    const found = /^(?:\d{3}-.*\r\n)*(\d{3}) (.*)\r\n/.exec(buffer)
    if (found === null || waiting === null) return
    buffer = buffer.slice(found[0].length)
    const { resolve } = waiting
    waiting = null
    resolve({ code: Number(found[1]), text: found[2]! })
  }
  socket.on('data', (chunk) => {
    buffer += chunk.toString('latin1')
    look()
  })
  socket.on('error', fail)
  socket.on('close', () => {
    clearTimeout(timer)
    fail(new Error('the gateway closed the connection'))
  })
  return () =>
    new Promise((resolve, reject) => {
      if (failed !== null && buffer === '') return reject(failed)
      waiting = { resolve, reject }
      look()
    })
}
