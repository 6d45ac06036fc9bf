import { createConnection } from 'node:net'
import { Worker } from 'node:worker_threads'
import { attacks } from './evil-attacks.js'

export const attackNames = Object.keys(attacks)
export const attackText = (name) => attacks[name].what

/** Begins one attack; `stop` ends it and gives what it did. */
export function startAttack({ attack, port, tlsPort, scale }) {
  const worker = new Worker(new URL('evil-thread.js', import.meta.url), {
    workerData: { attack, port, tlsPort, scale },
    stdout: false,
  })
  const failed = new Promise((_, reject) => worker.once('error', reject))
  failed.catch(() => {})
  return {
    async stop() {
      const counts = new Promise((resolve) => worker.once('message', resolve))
      worker.postMessage('stop')
      const done = await Promise.race([counts, failed])
      await worker.terminate()
      return done
    },
  }
}

/** One message over one connection, one step after the other, from connecting to the answer to QUIT. Gives the 250. */
export function sendOne({ port, from = '127.0.0.1', to = 'ann@here.test', withinMs = 30_000 }) {
  const steps = [
    'EHLO good.test\r\n',
    'MAIL FROM:<good@src.test>\r\n',
    `RCPT TO:<${to}>\r\n`,
    'DATA\r\n',
    'Subject: good\r\n\r\nwell behaved\r\n.\r\n',
    'QUIT\r\n',
  ]
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1', localAddress: from, noDelay: true })
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${withinMs} ms`)), withinMs)
    let pending = ''
    let at = 0
    let accepted = null
    socket.on('error', reject)
    socket.on('close', () => {
      clearTimeout(timer)
      if (accepted === null) reject(new Error('closed before the message was accepted'))
      else resolve(accepted)
    })
    socket.on('data', (chunk) => {
      const lines = (pending + chunk.toString('latin1')).split('\r\n')
      pending = lines.pop()
      for (const line of lines) {
        if (line[3] === '-') continue
        if (line[0] !== '2' && line[0] !== '3') return socket.destroy(new Error(line))
        if (at === 5) accepted = line
        const step = steps[at++]
        if (step === undefined) socket.end()
        else socket.write(step)
      }
    })
  })
}

/** A client that sends one message after the other, so many a second and no more at a time than `atOnce`. */
export function wellBehaved({ port, perSecond = 20, atOnce = 50 }) {
  const latenciesMs = []
  const failures = []
  const under = new Set()
  const begin = () => {
    if (under.size >= atOnce) return
    const begun = performance.now()
    const one = sendOne({ port })
      .then(() => latenciesMs.push(performance.now() - begun))
      .catch((error) => failures.push(error.message))
      .finally(() => under.delete(one))
    under.add(one)
  }
  const timer = setInterval(begin, 1000 / perSecond)
  return {
    async stop() {
      clearInterval(timer)
      await Promise.all(under)
      return { latenciesMs, failures }
    },
  }
}

/** The value that `share` of them do not exceed. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}
