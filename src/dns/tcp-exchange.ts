import { connect, type Socket } from 'node:net'
import { Packet } from 'dns2'
import type { Clock } from '../mail/clock.ts'
import { type Heard, unheard } from './heard.ts'
import { answers, withId } from './query.ts'
import type { ServerAddress } from './server-address.ts'

export type TcpOptions = {
  readonly server: ServerAddress
  readonly clock: Clock
  readonly random: (below: number) => number
  /** Sockets that are open, so that closing the resolver ends them. */
  readonly open: Set<Socket>
}

/**
 * Asks once over a connection of its own (RFC 7766), for answers that do not fit a datagram. `timeoutMs` is for all of
 * it: a server that accepts and says nothing, or sends an octet a second, must not hold a question for longer.
 */
export async function askByTcp(query: Buffer, timeoutMs: number, options: TcpOptions): Promise<Heard> {
  const { server, clock, random, open } = options
  const sent = withId(query, random(65_536))
  const socket = connect({ host: server.address, port: server.port, family: server.family })
  open.add(socket)
  const silence = new Promise<Heard>((resolve) => {
    const timer = clock.setTimeout(() => resolve(unheard('no answer by TCP in time', true)), timeoutMs)
    socket.once('close', () => {
      timer.cancel()
      resolve(unheard('the TCP connection was closed', true))
    })
  })
  const length = Buffer.alloc(2)
  length.writeUInt16BE(sent.length)
  socket.write(Buffer.concat([length, sent]))
  const answer = Packet.readStream(socket).then<Heard, Heard>(
    (message) =>
      answers(sent, message) ? { kind: 'heard', message } : unheard('an answer to another question by TCP', true),
    (error: NodeJS.ErrnoException) => unheard(`TCP: ${error.code ?? error.message}`, true),
  )
  const heard = await Promise.race([answer, silence])
  // The reader has let go of the socket; what happens to it now concerns nobody.
  socket.on('error', () => {})
  socket.destroy()
  open.delete(socket)
  return heard
}
