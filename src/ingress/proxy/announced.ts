import type { Socket } from 'node:net'
import type { Clock } from '../../mail/clock.ts'
import { longestHeader, type ProxyHeader, parseProxyHeader } from './header.ts'

/** Who made a connection, and what came behind the header. */
export type Announced = { readonly header: ProxyHeader; readonly rest: Buffer }

type Outcome = { readonly done: (announced: Announced) => void; readonly failed: (why: string) => void }

/**
 * Reads the PROXY header that begins the connections of balancers. One of the two outcomes is called, once, unless the
 * connection is cut before; the socket is paused then, and what came behind the header is handed over with it. A header
 * that does not come in time is as bad as a wrong one: who names clients by headers must not be able to do without.
 */
export function readProxyHeader(socket: Socket, timeoutMs: number, clock: Clock, { done, failed }: Outcome): void {
  let came: Buffer | null = null
  const timer = clock.setTimeout(() => stop(() => failed('no PROXY header in time')), timeoutMs)
  const stop = (then: () => void): void => {
    timer.cancel()
    socket.off('data', read)
    socket.off('end', ended)
    socket.off('close', gone)
    socket.pause()
    then()
  }
  const read = (chunk: Buffer): void => {
    // A copy: the memory is used for the next read. No more than a header is kept of it while one is missing.
    const whole = came === null ? Buffer.from(chunk) : Buffer.concat([came, chunk])
    const header = parseProxyHeader(whole)
    if (header === null) {
      came = whole
      if (whole.length > longestHeader) stop(() => failed('the header is too long'))
    } else if (!header.ok) stop(() => failed(header.error))
    else stop(() => done({ header: header.value, rest: whole.subarray(header.value.bytes) }))
  }
  const ended = (): void => stop(() => failed('the connection ended inside of the PROXY header'))
  const gone = (): void => timer.cancel()
  socket.on('data', read)
  socket.on('end', ended)
  socket.on('close', gone)
  // Accepted ones are paused.
  socket.resume()
}
