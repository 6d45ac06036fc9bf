import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { type Behave, behave, ehloReply, type OddServer, type OddSession, oddServer } from '../egress/odd-server.ts'
import type { Certificate } from './certificates.ts'
import type { IdentityProvider } from './identity-provider.ts'

export type ProviderHost = OddServer & {
  /** Mailboxes, and which holders of tokens may log in to each. */
  readonly mailboxes: Map<string, readonly string[]>
  /** In place of an answer to the commands: a reply, or `undefined`. */
  answer: ((verb: string, session: OddSession) => string | undefined) | null
  /** How many sessions may send at one moment; more are answered as Microsoft does. */
  mostSenders: number
  /** What was sent by whom. */
  readonly sent: { readonly as: string; readonly from: string; readonly content: string }[]
  /** The most sessions that were logged in at one moment, since the start. */
  readonly busiest: () => number
  /** Tokens that were shown. */
  readonly shown: string[]
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
const unauthenticated = '530 5.7.57 Client not authenticated to send mail. [odd.test]\r\n'

/**
 * The submission host of a large provider, as its clients see it: STARTTLS, XOAUTH2 with the provider's tokens, its words
 * for what it refuses. It takes mail of a mailbox from that mailbox alone.
 */
export async function startProviderHost(provider: IdentityProvider, tls: Certificate): Promise<ProviderHost> {
  const context = createSecureContext({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) })
  const users = new Map<number, string>()
  const from = new Map<number, string>()
  const failed = new Set<number>()
  const asking = new Set<number>()
  let most = 0

  const login = (response: string, { number }: OddSession): string => {
    const [, user = '', token = ''] =
      /^user=([^\x01]*)\x01auth=Bearer ([^\x01]*)\x01\x01$/.exec(Buffer.from(response, 'base64').toString()) ?? []
    host.shown.push(token)
    const holder = provider.holderOf(token)
    if (holder !== null && host.mailboxes.get(user)?.includes(holder) === true) {
      users.set(number, user)
      most = Math.max(most, host.sessions.filter((one) => !one.ended && users.has(one.number)).length)
      return '235 2.7.0 Authentication successful\r\n'
    }
    failed.add(number)
    return `334 ${base64('{"status":"401","schemes":"bearer","scope":"https://outlook.office.com/"}')}\r\n`
  }

  const answers: Behave = (verb, line, session) => {
    const { number } = session
    if (failed.delete(number)) return '535 5.7.3 Authentication unsuccessful [odd.test 2026-11-21]\r\n'
    if (asking.delete(number)) return login(line, session)
    const own = host.answer?.(verb, session)
    if (own !== undefined) return own
    if (verb === 'EHLO') {
      return session.secure
        ? ehloReply(
            'SIZE 157286400',
            'PIPELINING',
            'DSN',
            'ENHANCEDSTATUSCODES',
            'AUTH LOGIN XOAUTH2',
            '8BITMIME',
            'CHUNKING',
          )
        : ehloReply('SIZE 157286400', 'PIPELINING', 'DSN', 'ENHANCEDSTATUSCODES', 'STARTTLS', '8BITMIME', 'CHUNKING')
    }
    if (verb === 'STARTTLS') return { tls: context, text: '220 2.0.0 SMTP server ready\r\n' }
    if (verb === 'AUTH') {
      const [, mechanism, initial] = line.split(' ')
      if (mechanism !== 'XOAUTH2') return '504 5.7.4 Unrecognized authentication type\r\n'
      if (initial !== undefined) return login(initial, session)
      asking.add(number)
      return '334 \r\n'
    }
    if (verb === 'MAIL') {
      const user = users.get(number)
      if (user === undefined) return unauthenticated
      const sender = /<([^>]*)>/.exec(line)?.[1] ?? ''
      from.set(number, sender)
      const others = host.sessions.filter((one) => one.number < number && !one.ended && users.has(one.number)).length
      if (others >= host.mostSenders)
        return '432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending\r\n'
      return sender === '' || sender === user
        ? '250 2.1.0 Sender OK\r\n'
        : `554 5.2.252 SendAsDenied; ${user} not allowed to send as ${sender}; STOREDRV.Submission.Exception:SendAsDeniedException\r\n`
    }
    if (verb === 'CONTENT') {
      host.sent.push({ as: users.get(number) ?? '', from: from.get(number) ?? '', content: line })
      return '250 2.0.0 OK <x@odd.test> [Hostname=odd.test]\r\n'
    }
    return behave(verb, line, session)
  }

  const server = await oddServer(answers)
  const host: ProviderHost = {
    ...server,
    mailboxes: new Map(),
    answer: null,
    mostSenders: 3,
    sent: [],
    busiest: () => most,
    shown: [],
  }
  return host
}
