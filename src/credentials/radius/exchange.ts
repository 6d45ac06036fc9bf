import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Clock, Timer } from '../../mail/clock.ts'
import { type AccessAnswer, type AccessRequest, readAnswer, writeAccessRequest } from './packet.ts'

export type ExchangeOptions = {
  readonly address: string
  readonly port: number
  readonly request: AccessRequest
  /** Times that the same packet is sent: servers answer it once (RFC 5080 §2.2.2). */
  readonly attempts: number
  readonly everyMs: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * Asks one server. A socket for each question: its port is one more thing that somebody beside the line has to guess.
 * Packets that do not prove that they come from the server are dropped, and the wait goes on. Rejects when nothing came.
 */
export function exchange(options: ExchangeOptions): Promise<AccessAnswer> {
  const { address, port, request, attempts, everyMs, clock, signal } = options
  const packet = writeAccessRequest(request)
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  return new Promise<AccessAnswer>((resolve, reject) => {
    let timer: Timer | null = null
    let sent = 0
    let unproved = 0
    let over = false
    const end = (settle: () => void) => {
      if (over) return
      over = true
      timer?.cancel()
      signal.removeEventListener('abort', giveUp)
      socket.close()
      settle()
    }
    const fail = (why: string) => end(() => reject(new Error(why)))
    const giveUp = () => fail('given up')
    const send = () => {
      if (sent === attempts) {
        const heard = unproved === 0 ? '' : `; ${unproved} packets came without a valid Message-Authenticator`
        return fail(`no answer to ${attempts} requests${heard}`)
      }
      sent++
      socket.send(packet, (error) => {
        if (error) fail(reasonOf(error))
      })
      timer = clock.setTimeout(send, everyMs)
    }
    socket.on('message', (answer) => {
      const said = readAnswer(answer, request)
      if (said === null) unproved++
      else end(() => resolve(said))
    })
    socket.on('error', (error) => fail(reasonOf(error)))
    signal.addEventListener('abort', giveUp, { once: true })
    if (signal.aborted) return giveUp()
    // Connected: the system drops what comes from elsewhere, and says at once when nobody listens there.
    socket.connect(port, address, () => {
      if (!over) send()
    })
  })
}

const reasonOf = (error: Error): string =>
  (error as NodeJS.ErrnoException).code === 'ECONNREFUSED' ? 'nobody listens there' : error.message
