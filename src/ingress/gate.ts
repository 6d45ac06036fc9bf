import type { Socket } from 'node:net'
import { networkSet } from '../graph/network-set.ts'
import { type IpAddress, parseIp } from '../mail/ip.ts'
import { type Reply, reply } from '../mail/reply.ts'
import type { ListenerSettings } from '../mail/settings.ts'
import { writeReply } from '../smtp/reply-writer.ts'
import type { House } from './house.ts'
import { readProxyHeader } from './proxy/announced.ts'
import { receiving } from './receiving.ts'

const full = reply(421, '4.3.2', 'too many sessions, try again later')
const clientFull = reply(421, '4.7.0', 'too many sessions from your address')

/** A client that was let in, and what it has said already. */
export type Arrival = { readonly socket: Socket; readonly client: IpAddress; readonly rest: Buffer | null }

/**
 * Between a connection and its session: whose it is, and whether it may come in. Behind a balancer the client is who the
 * PROXY header says; bans, counts and the document see it, and never the balancer.
 */
export type Gate = {
  arrived(accepted: Socket): void
  /** The listener has other settings. */
  turnTo(settings: ListenerSettings): void
  /** Cuts those that have not said whose they are. */
  close(): void
}

export function openGate(house: House, letIn: (arrival: Arrival) => void): Gate {
  const { census, log, clock } = house
  let { proxy } = house.settings
  let isBalancer = proxy === undefined ? null : networkSet(proxy.from)
  /** Connections of balancers whose header has not come. */
  const announcing = new Set<Socket>()

  const arrived = (accepted: Socket): void => {
    const peer = parseIp(accepted.remoteAddress ?? '')
    // Gone before it was looked at.
    if (!peer.ok) accepted.destroy()
    else if (isBalancer?.(peer.value) === true) announce(accepted, peer.value)
    else if (mayEnter(accepted, peer.value)) {
      letIn({ socket: isTls() ? accepted : receiving(accepted), client: peer.value, rest: null })
    }
  }

  const announce = (accepted: Socket, balancer: IpAddress): void => {
    const listener = house.settings.name
    const tls = isTls()
    const socket = tls ? accepted : receiving(accepted)
    socket.on('error', () => {})
    announcing.add(socket)
    socket.once('close', () => announcing.delete(socket))
    // Not a word to whoever does not speak the protocol: it is no client of ours.
    const failed = (error: string): void => {
      log.warn('proxy.refused', { listener, balancer, error })
      socket.destroy()
    }
    readProxyHeader(socket, proxy!.timeoutMs, clock, {
      failed,
      done({ header, rest }) {
        announcing.delete(socket)
        const client = header.kind === 'client' ? header.client : balancer
        // Of another machine's loopback we know nothing, and ours may be trusted.
        if (isLoopback(client) && !isLoopback(balancer)) return failed(`${client} is no client of another machine`)
        if (isTls() !== tls) return failed('the listener is another one now')
        log.debug('proxy.announced', { listener, balancer, client })
        if (!mayEnter(socket, client)) return
        // A handshake reads what the socket holds, and a session what it is given.
        if (tls && rest.length > 0) socket.unshift(rest)
        letIn({ socket, client, rest: tls || rest.length === 0 ? null : rest })
      },
    })
  }

  const mayEnter = (socket: Socket, client: IpAddress): boolean => {
    // Before anything is made for it: a ban costs one look-up and one line.
    const banned = house.guard?.turnsAway(client) ?? null
    if (banned !== null) {
      log.debug('ban.turned-away', { listener: house.settings.name, client })
      if (house.tally !== undefined) house.tally.sessionsRefused.banned++
      turnAway(socket, banned)
      return false
    }
    const room = census.enter(client, house.admission().limits)
    if (room === 'in') return true
    log.info('session.refused', { listener: house.settings.name, client, code: 421, why: room })
    if (house.tally !== undefined) house.tally.sessionsRefused[room === 'full' ? 'full' : 'client-full']++
    turnAway(socket, room === 'full' ? full : clientFull)
    return false
  }

  /** A handshake begins by itself, and reads into memory of its own; all else is read into the shared one. */
  const isTls = (): boolean => house.settings.tls?.mode === 'implicit'

  /** One line, and no more. Who expects a handshake could not read it. */
  const turnAway = (socket: Socket, why: Reply): void => {
    if (isTls()) {
      socket.destroy()
      return
    }
    socket.on('error', () => {})
    socket.end(writeReply(why), () => socket.destroy())
  }

  return {
    arrived,
    turnTo(settings) {
      proxy = settings.proxy
      isBalancer = proxy === undefined ? null : networkSet(proxy.from)
    },
    close() {
      for (const socket of announcing) socket.destroy()
    },
  }
}

const isLoopback = (address: IpAddress): boolean => address === '::1' || address.startsWith('127.')
