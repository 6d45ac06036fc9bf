import type { Reply } from '../mail/reply.ts'
import type { Attempt } from '../queue/lane.ts'
import type { HostToTry } from '../route/hosts.ts'

/** How a host is named in attempts, notifications and the log: `mx1.example.com[192.0.2.1]:25`. */
export const hostLabel = (host: HostToTry): string =>
  `${host.name === host.address ? '' : host.name}[${host.address}]:${host.port}`

/** What the host answered. */
export const answered = (reply: Reply, host: string, command: Attempt['command']): Attempt => ({
  reply,
  host,
  command,
  status: reply.status,
  why: '',
})

/** The connection ended, or nothing came in time. `status` is of class 4: the recipient waits. */
export const unanswered = (host: string | null, command: Attempt['command'], status: string, why: string): Attempt => ({
  reply: null,
  host,
  command,
  status,
  why,
})

/**
 * The gateway itself knows that the recipient cannot be delivered there, and says so with a reply of its own. `command`
 * is `route`: no host said it, and a notification must not put it into a host's mouth.
 */
export const refusedHere = (code: number, status: string, why: string, host: string | null): Attempt => ({
  reply: { code, status, text: why },
  host,
  command: 'route',
  status,
  why,
})

/** Worth another host in the same attempt (RFC 5321 §5.1): neither delivered nor refused for good. */
export const isTemporary = (attempt: Attempt): boolean =>
  attempt.reply === null || (attempt.reply.code >= 400 && attempt.reply.code < 500)

/** 452 or 552 that speaks of the number of recipients, not of a full mailbox (4.2.2) or system (4.3.1). */
export const isTooMany = (reply: Reply): boolean =>
  (reply.code === 452 || reply.code === 552) && (reply.status === null || reply.status.endsWith('.5.3'))
