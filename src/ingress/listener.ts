import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Authenticator } from '../credentials/authenticator.ts'
import type { Clock, Timer } from '../mail/clock.ts'
import type { IncomingView } from '../mail/connection-view.ts'
import type { Log } from '../mail/log.ts'
import { reply } from '../mail/reply.ts'
import type { HostPort, ListenerSettings } from '../mail/settings.ts'
import type { Tally } from '../mail/tally.ts'
import type { Inlet } from '../queue/intake.ts'
import { writeReply } from '../smtp/reply-writer.ts'
import type { Admission } from './admission.ts'
import type { Census } from './census.ts'
import { openGate } from './gate.ts'
import type { Guard } from './guard.ts'
import type { House } from './house.ts'
import type { EnvelopeSink } from './scribe.ts'
import { Session } from './session.ts'
import { sessionView } from './session-view.ts'
import type { TlsContexts } from './tls/contexts.ts'

/** How often deadlines are looked at. A time-out is late by this much at most. */
const lookEveryMs = 250

const notYet = writeReply(reply(421, '4.3.2', 'not open yet, try again later'))

export type ListenerOptions = {
  readonly settings: ListenerSettings
  /** The admission that is active when it is called. */
  readonly admission: () => Admission
  readonly inlet: Inlet
  readonly envelopes?: EnvelopeSink
  readonly tally?: Tally
  /** One for all listeners of a gateway. */
  readonly census: Census
  readonly guard?: Guard
  readonly authenticator?: Authenticator | null
  /** Its certificates; absent: it speaks no TLS, whatever its settings say. */
  readonly tls?: TlsContexts | null
  /** Turns everybody away until `open()`: the graph that wants this listener does not serve yet. */
  readonly waits?: boolean
  /** Of this program, for a greeting that shows it. */
  readonly version?: string
  readonly log: Log
  readonly clock: Clock
}

export type Listener = {
  readonly name: string
  /** Where it listens, ports that were 0 being known now. */
  addresses(): readonly HostPort[]
  /**
   * Makes ready for new settings: binds the sockets that are new, and throws, with nothing changed, when one cannot be
   * bound. Sockets that stay are not touched, and old ones close only when the change is made. Sessions keep the settings
   * they began with.
   */
  prepare(settings: ListenerSettings, tls?: TlsContexts | null): Promise<Change>
  /** From now on it takes connections; for one that was opened with `waits`. */
  open(): void
  /** How many there are. */
  count(): number
  sessions(): readonly IncomingView[]
  /** Takes no more connections; each session ends with 421, after the transaction under way. Resolves when all have. */
  drain(): Promise<void>
  /** Cuts all sessions. */
  close(): Promise<void>
}

/** Something made ready: exactly one of the two is called, once. Neither can fail. */
export type Change = { commit(): void; abort(): void }

/** A socket that is bound ahead of a change takes nobody before the change is made. */
type Bound = { readonly asked: HostPort; readonly server: Server; isOpen: boolean }

let sessionsSoFar = 0

/** Opens all sockets of one listener. Throws what the system says when one cannot be bound; then none is. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { census, log, clock } = options
  const house: House = { ...options, draining: false }
  const sessions = new Set<Session>()
  let bound: readonly Bound[] = []
  let look: Timer | null = null
  let emptied: (() => void) | null = null

  const lookAround = (): void => {
    const now = clock.now()
    for (const session of sessions) session.expire(now)
    look = sessions.size > 0 ? clock.setTimeout(lookAround, lookEveryMs) : null
  }

  const gone = (session: Session): void => {
    sessions.delete(session)
    census.leave(session.peer)
    if (sessions.size === 0) emptied?.()
  }

  const gate = openGate(house, ({ socket, client, rest }) => {
    const session = new Session(house, socket, client, ++sessionsSoFar, gone)
    sessions.add(session)
    look ??= clock.setTimeout(lookAround, lookEveryMs)
    session.open(rest)
  })

  const bind = (asked: HostPort): Promise<Bound> =>
    new Promise((resolve, reject) => {
      // Half-open: a client may send all it has, close its side, and wait for the replies.
      const server = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
        if (one.isOpen) gate.arrived(socket)
        else turnAway(socket)
      })
      const one: Bound = { asked, server, isOpen: false }
      server.once('error', reject)
      // `[::]` is IPv6 alone: whoever wants both writes both, and the two do not collide.
      server.listen({ port: asked.port, host: asked.host, ipv6Only: true }, () => {
        server.off('error', reject)
        server.on('error', (error) =>
          log.error('listener.error', { listener: options.settings.name, error: error.message }),
        )
        resolve(one)
      })
    })

  const bindAll = async (addresses: readonly HostPort[]): Promise<Bound[]> => {
    const results = await Promise.allSettled(addresses.map(bind))
    const fresh = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed === undefined) return fresh
    for (const { server } of fresh) server.close()
    throw failed.reason
  }

  bound = await bindAll(options.settings.bind)
  const open = (): void => {
    for (const one of bound) one.isOpen = true
  }
  if (options.waits !== true) open()

  return {
    name: options.settings.name,
    addresses: () =>
      bound.map(({ server }) => {
        const { address, port } = server.address() as AddressInfo
        return { host: address, port }
      }),
    async prepare(settings, tls = null) {
      const kept = bound.filter(({ asked }) => settings.bind.some((wanted) => same(wanted, asked)))
      const fresh = await bindAll(settings.bind.filter((wanted) => !bound.some(({ asked }) => same(wanted, asked))))
      return {
        commit() {
          for (const one of bound) if (!kept.includes(one)) one.server.close()
          bound = [...kept, ...fresh]
          house.settings = settings
          house.tls = tls
          gate.turnTo(settings)
          open()
        },
        abort() {
          for (const { server } of fresh) server.close()
        },
      }
    },
    open,
    count: () => sessions.size,
    sessions: () => [...sessions].map(sessionView),
    async drain() {
      house.draining = true
      for (const { server } of bound) server.close()
      gate.close()
      const empty = new Promise<void>((resolve) => (emptied = resolve))
      for (const session of sessions) session.drain()
      if (sessions.size > 0) await empty
    },
    async close() {
      house.draining = true
      for (const { server } of bound) server.close()
      gate.close()
      for (const session of sessions) session.destroy()
      look?.cancel()
    },
  }
}

const same = (a: HostPort, b: HostPort): boolean => a.host === b.host && a.port === b.port

function turnAway(socket: Socket): void {
  socket.on('error', () => {})
  socket.end(notYet, () => socket.destroy())
}
