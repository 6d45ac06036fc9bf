import { parentPort, workerData } from 'node:worker_threads'
import { attacks } from './evil-attacks.js'

// One attack in a thread of its own: what it does must not be the well-behaved client's delay.
const { attack, port, tlsPort, scale } = workerData
const counts = {}
const target = {
  port,
  tlsPort,
  scale,
  stopped: false,
  sockets: new Set(),
  count: (what) => (counts[what] = (counts[what] ?? 0) + 1),
  pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}
parentPort.on('message', () => {
  target.stopped = true
  for (const socket of target.sockets) socket.destroy()
  parentPort.postMessage(counts)
  parentPort.close()
  setTimeout(() => process.exit(0), 50)
})
attacks[attack].run(target)
