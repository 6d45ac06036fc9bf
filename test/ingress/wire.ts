import { createConnection, type Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** The client's end of a connection: what is sent, what came, and whether the server has closed. */
export type Wire = {
  send(segment: Buffer): Promise<void>
  end(): void
  came(): string
  closed(): boolean
  destroy(): void
  /** Where there is one. */
  readonly socket?: Socket
}

/** A connection without a network: each `send` is one read of the server, whatever the kernel would make of it. */
export function memoryWire(accept: (socket: Socket) => void): Wire {
  let came = ''
  let closed = false
  const socket = new Duplex({
    allowHalfOpen: true,
    read() {},
    write(chunk: Buffer, _encoding, done) {
      came += chunk.toString('latin1')
      done()
    },
    final(done) {
      closed = true
      done()
    },
  })
  accept(socket as unknown as Socket)
  return {
    async send(segment) {
      const memory = Buffer.from(segment)
      socket.push(memory)
      // One event each, as reads of a socket are.
      await new Promise((resolve) => setImmediate(resolve))
      // What was read is overwritten by the next read; what a paused socket has not read is not.
      if (socket.readableLength === 0) memory.fill('\xee', 'latin1')
    },
    end: () => void socket.push(null),
    came: () => came,
    closed: () => closed,
    destroy: () => void socket.destroy(),
  }
}

/** A connection over loopback. */
export async function tcpWire(port: number, localAddress?: string): Promise<Wire> {
  let came = ''
  let closed = false
  const socket = createConnection({
    port,
    host: '127.0.0.1',
    noDelay: true,
    allowHalfOpen: true,
    ...(localAddress && { localAddress }),
  })
  socket.on('data', (chunk) => (came += chunk.toString('latin1')))
  socket.on('end', () => (closed = true))
  socket.on('error', () => (closed = true))
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return {
    socket,
    send: async (segment) => void socket.write(segment),
    end: () => void socket.end(),
    came: () => came,
    closed: () => closed,
    destroy: () => void socket.destroy(),
  }
}

/** Waits for a condition, and gives up after a time that no healthy server needs. */
export async function until(condition: () => boolean, patienceMs = 5000): Promise<boolean> {
  const giveUpAt = Date.now() + patienceMs
  while (!condition()) {
    if (Date.now() > giveUpAt) return false
    await new Promise((resolve) => setImmediate(resolve))
  }
  return true
}
