// Loaded into a gateway with `-r`: looks each millisecond how long its main thread has run since the last look, and how
// long it waited for a core, as the kernel counts both. A line for each look that came 3 ms late or more, in the file that
// OWN_TIME names: epoch ms, gap, of it running, of it waiting for a core (all ms).
const { openSync, readSync, writeSync } = require('node:fs')
const { isMainThread } = require('node:worker_threads')

if (isMainThread && process.argv.includes('serve')) {
  const counters = openSync('/proc/self/schedstat', 'r')
  const out = openSync(process.env.OWN_TIME, 'a')
  const memory = Buffer.alloc(100)
  const look = () => {
    const text = memory.toString('latin1', 0, readSync(counters, memory, 0, memory.length, 0))
    const [ran, waited] = text.split(' ').map((nanoseconds) => Number(nanoseconds) / 1e6)
    return { at: performance.now(), ran, waited }
  }
  let last = look()
  setInterval(() => {
    const now = look()
    const gap = now.at - last.at - 1
    if (gap >= 3) {
      const split = [gap, now.ran - last.ran, now.waited - last.waited].map((ms) => ms.toFixed(1))
      writeSync(out, `${Date.now()} ${split.join(' ')}\n`)
    }
    last = now
  }, 1).unref()
}
