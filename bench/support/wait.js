import { createConnection, createServer } from 'node:net'

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** A port of loopback that was free a moment ago. */
export async function freePort() {
  const server = createServer()
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Waits until somebody greets with 220 at `port`; gives false when `gaveUp()` or after `withinMs`. */
export async function greeted(port, { withinMs = 30_000, everyMs = 20, gaveUp = () => false } = {}) {
  for (const until = Date.now() + withinMs; Date.now() < until && !gaveUp(); await pause(everyMs)) {
    if (await greeting(port)) return true
  }
  return false
}

function greeting(port) {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    const end = (answer) => {
      resolve(answer)
      // QUIT rather than a reset: Postfix logs lost connections, and this is not to be part of a measurement.
      socket.end(answer ? 'QUIT\r\n' : undefined)
    }
    socket.once('data', (chunk) => end(chunk.toString('latin1').startsWith('220')))
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
    socket.setTimeout(5000, () => socket.destroy())
  })
}
