// Commits per second into the spool, without a network: `node bench/spool.js [segment MiB]`. Needs `npm run build` first.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSpool } from '../dist/queue/spool.js'

const MiB = 1024 * 1024
const segmentBytes = Number(process.argv[2] ?? 32) * MiB
const clock = {
  now: () => Date.now(),
  setTimeout(callback, delayMs) {
    const timer = setTimeout(callback, delayMs)
    return { cancel: () => clearTimeout(timer) }
  },
}
const log = { debug() {}, info() {}, warn: console.warn, error: console.error }

const mailbox = (localPart, domain) => ({ localPart, domain, text: `${localPart}@${domain}` })
const envelope = (to) => ({
  from: mailbox('sender', 'src.example'),
  recipients: [{ mailbox: to, original: to, notify: null, orcpt: null }],
  body: '7bit',
  smtputf8: false,
  ret: null,
  envid: null,
  origin: {
    client: '127.0.0.1',
    listener: 'mx',
    helo: 'localhost',
    identity: null,
    protocol: 'ESMTP',
    graphHash: 'sha256:0123456789abcdef',
  },
})
const to = envelope(mailbox('rcpt', 'dst.example'))
const facts = { dots: false, eightBit: false }
const pauseMs = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** `waiting` senders at a time, each with the next message when the one before it is stored. */
async function commits(name, waiting, messages, bodyBytes) {
  const dir = mkdtempSync(join(tmpdir(), 'mailgw-bench-'))
  const { spool } = await openSpool({ dir, clock, log, segmentBytes })
  // "Delivered" at once: the messages leave the spool as they would behind a fast next hop.
  spool.sink = { stored: (entry) => spool.done(entry) }
  // In production this is the first seconds of a gateway's life.
  while (spool.pool.readyCount < 2) await pauseMs(50)
  const piece = Buffer.alloc(Math.min(bodyBytes, 64 * 1024), 'A line of text.\r\n')
  let peakBytes = 0
  const watch = setInterval(() => (peakBytes = Math.max(peakBytes, process.memoryUsage.rss())), 20)
  const latencies = []
  let started = 0
  let done = 0
  const begun = performance.now()
  const cpu = process.cpuUsage()
  await new Promise((resolve, reject) => {
    const one = () => {
      if (started++ >= messages) return
      const at = performance.now()
      let left = bodyBytes
      const intake = spool.begin(() => write())
      const write = () => {
        while (left > 0) {
          const bytes = Math.min(left, piece.length)
          left -= bytes
          // A copy, as every message brings octets of its own.
          if (!intake.write(Buffer.from(piece.subarray(0, bytes)))) return
        }
        intake.commit(to, facts, (error) => {
          if (error) return reject(error)
          latencies.push(performance.now() - at)
          if (++done === messages) resolve()
          else one()
        })
      }
      write()
    }
    for (let i = 0; i < waiting; i++) one()
  })
  const seconds = (performance.now() - begun) / 1000
  const used = process.cpuUsage(cpu)
  clearInterval(watch)
  latencies.sort((a, b) => a - b)
  const cpuMs = (used.user + used.system) / 1000 / messages
  console.log(
    [
      name.padEnd(22),
      `${(messages / seconds).toFixed(0)}/s`.padStart(9),
      `${((messages * bodyBytes) / seconds / 1e6).toFixed(0)} MB/s`.padStart(10),
      `CPU ${cpuMs.toFixed(3)} ms`.padStart(14),
      `p50 ${latencies[messages >> 1].toFixed(2)} ms`.padStart(14),
      `p99 ${latencies[Math.floor(messages * 0.99)].toFixed(2)} ms`.padStart(14),
      `peak ${(peakBytes / 1e6).toFixed(0)} MB`.padStart(12),
      `${spool.pool.segments.size} segments`.padStart(12),
    ].join(' '),
  )
  await spool.close()
  rmSync(dir, { recursive: true })
}

console.log(`segments of ${segmentBytes / MiB} MiB, fdatasync before each acknowledgement`)
for (let round = 0; round < 2; round++) {
  await commits('2 KB, 1 waiting', 1, 3000, 2048)
  await commits('2 KB, 20 waiting', 20, 60000, 2048)
  await commits('2 KB, 200 waiting', 200, 100000, 2048)
  await commits('100 KB, 20 waiting', 20, 10000, 100_000)
  await commits('10 MB, 4 waiting', 4, 200, 10_000_000)
}
