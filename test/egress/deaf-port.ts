import { spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/**
 * An address and port that answers no SYN, as a dead host behind a firewall does: a listener that was stopped, with its
 * queue of connections full. Ends with the test.
 */
export async function deafPort(host: string, port = 0): Promise<number> {
  const program = `const s = require('node:net').createServer().listen({ host: ${JSON.stringify(host)}, port: ${port}, backlog: 1 },
    () => process.stdout.write(String(s.address().port) + '\\n'))`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const sockets: Socket[] = []
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    child.kill('SIGKILL')
  })
  const bound = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', (text: Buffer) => resolve(Number(text)))
    child.once('exit', () => reject(new Error('the listener ended')))
  })
  child.removeAllListeners('exit')
  child.kill('SIGSTOP')
  // The kernel takes as many as there is room for, and then lets go unanswered what comes.
  for (;;) {
    const socket = connect({ host, port: bound })
    socket.on('error', () => {})
    sockets.push(socket)
    const taken = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      setTimeout(() => resolve(false), 200)
    })
    if (!taken) return bound
    if (sockets.length > 100) throw new Error('it takes every connection')
  }
}
