// What an idle session costs: anonymous memory of the gateway before and after 5,000 sessions have said EHLO.
//   node bench/idle.js [--sessions 5000] [--tls] [--json]
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { given, megabytes, option, report } from './support/figures.js'
import { benchFolder } from './support/folder.js'
import { document, startGateway, writeDocument } from './support/mailgw.js'
import { memory } from './support/processes.js'
import { certificateIn } from './support/tls-front.js'
import { freePort, pause } from './support/wait.js'

const sessions = Number(option('sessions') ?? 5000)
const tls = given('tls')
/** Of the task, for clear text. */
const barKb = tls ? null : 15

/** Opens a session and says EHLO; resolves when the gateway has answered. */
function idle(port) {
  return new Promise((resolve, reject) => {
    const to = { port, host: '127.0.0.1' }
    const socket = tls ? connect({ ...to, rejectUnauthorized: false }) : createConnection(to)
    let greeting = true
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      if (!/^\d{3} [^\n]*\n$/m.test(chunk.toString('latin1'))) return
      if (greeting) socket.write('EHLO idle.test\r\n')
      else resolve(socket)
      greeting = false
    })
  })
}

/** In small groups, as clients come; all at once would measure the backlog. */
async function open(port, count) {
  const sockets = []
  while (sockets.length < count) {
    const group = Array.from({ length: Math.min(50, count - sockets.length) }, () => idle(port))
    sockets.push(...(await Promise.all(group)))
  }
  return sockets
}

/** Memory when it has stopped moving. */
async function settledMemory(pid) {
  let least = memory(pid).anonymous
  for (let still = 0; still < 10; still++) {
    await pause(200)
    const now = memory(pid).anonymous
    if (now < least) [least, still] = [now, 0]
  }
  return memory(pid).anonymous
}

const folder = join(benchFolder(), 'idle')
const [port, greetsAt] = [await freePort(), await freePort()]
const plain = document({ port, sinkPort: 9, tls: tls ? await certificateIn(folder) : null })
// One that greets in clear text, to know when it is there.
const listeners = { ...plain.listeners, clear: { kind: 'internal', bind: `127.0.0.1:${greetsAt}` } }
const source = ['--config', writeDocument(folder, { ...plain, listeners })]
const gateway = await startGateway({ folder, port, greetsAt, source })
try {
  // Loads what a session needs once.
  for (const socket of await open(gateway.port, 100)) socket.destroy()
  const before = await settledMemory(gateway.pid)
  const started = performance.now()
  const sockets = await open(gateway.port, sessions)
  const seconds = (performance.now() - started) / 1000
  const after = await settledMemory(gateway.pid)
  for (const socket of sockets) socket.destroy()
  const kbPerSession = (after - before) / 1024 / sessions
  report(
    {
      sessions,
      seconds,
      beforeMb: megabytes(before),
      afterMb: megabytes(after),
      kbPerSession,
      barKb,
      reached: barKb === null ? null : kbPerSession <= barKb,
    },
    (r) =>
      `${r.sessions} idle sessions in ${r.seconds.toFixed(1)} s: anonymous memory ${r.beforeMb.toFixed(1)} -> ${r.afterMb.toFixed(1)} MB, ` +
      `${r.kbPerSession.toFixed(1)} KB a session${r.barKb === null ? ', TLS' : ` (bar ${r.barKb}: ${r.reached ? 'reached' : 'MISSED'})`}`,
  )
} finally {
  await gateway.stop('SIGKILL')
}
