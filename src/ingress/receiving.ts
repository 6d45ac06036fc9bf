import { Socket } from 'node:net'
import { receiveMemory } from '../smtp/scan.ts'

/**
 * The connection of `accepted` (made with `pauseOnConnect`) as a socket that reads into memory that is used again: a
 * chunk of its 'data' event is gone when the event's listeners return. Node gives each read 64 KiB of its own otherwise,
 * which as garbage costs more than all the rest of receiving a large message. One memory serves all sockets of the
 * process: a read is used up before the next one, of whichever socket, begins.
 *
 * `onread` is documented, and only for a socket that connects; a listening one has no way to ask for it. So the handle
 * moves to a second socket, as it does inside of Node when a process hands a connection to another one.
 */
export function receiving(accepted: Socket): Socket {
  const holder = accepted as unknown as { _handle: object | null }
  const { _handle: handle } = holder
  // Gone already.
  if (handle === null) return accepted
  holder._handle = null
  // It has nothing to close any more, and the server counts it out.
  accepted.destroy()
  const socket: Socket = new Socket({
    handle,
    allowHalfOpen: true,
    onread: {
      buffer: receiveMemory,
      callback(bytes: number) {
        socket.emit('data', receiveMemory.subarray(0, bytes))
        return true
      },
    },
  } as ConstructorParameters<typeof Socket>[0])
  return socket
}
