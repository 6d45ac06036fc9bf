import type { Reply } from '../mail/reply.ts'
import { isLoopback } from './loopback.ts'
import type { Wire } from './wire.ts'

export type Credentials = { readonly user: string; readonly pass: string }

export type AuthFailure = { readonly reply: Reply | null; readonly status: string; readonly why: string }

/**
 * AUTH PLAIN (RFC 4616), or LOGIN where only that is offered. `null` when the host took it.
 *
 * Every failure is temporary, also 535: it says that OUR credentials are wrong, which RFC 4954 §6 makes final for the
 * exchange with these credentials, not for the mail. Mail waits, an operator is told, and a corrected secret delivers it.
 */
export async function authenticate(
  wire: Wire,
  { user, pass }: Credentials,
  offered: ReadonlySet<string>,
  replyMs: number,
): Promise<AuthFailure | null> {
  // A password in clear is only for a host that is this machine.
  if (wire.tls === null && !isLoopback(wire.host.address)) {
    return { reply: null, status: '4.7.11', why: 'credentials are not sent without TLS, and the connection has none' }
  }
  const base64 = (text: string) => `${Buffer.from(text, 'utf8').toString('base64')}\r\n`
  const failed = (reply: Reply): AuthFailure => ({ reply, status: '4.7.8', why: 'the host refused our credentials' })

  if (offered.has('PLAIN')) {
    const answer = await wire.ask(`AUTH PLAIN ${base64(`\0${user}\0${pass}`)}`, replyMs, 'answer to AUTH')
    return answer.code === 235 ? null : failed(answer)
  }
  if (offered.has('LOGIN')) {
    const steps = ['AUTH LOGIN\r\n', base64(user), base64(pass)]
    let answer: Reply | null = null
    for (const step of steps) {
      answer = await wire.ask(step, replyMs, 'answer to AUTH')
      if (answer.code !== 334) break
    }
    return answer?.code === 235 ? null : failed(answer as Reply)
  }
  const names = [...offered].join(' ') || 'none'
  return { reply: null, status: '4.7.4', why: `the host offers neither AUTH PLAIN nor LOGIN (offered: ${names})` }
}
