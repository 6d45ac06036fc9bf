import { createConnection } from 'node:net'

/**
 * Sends mail over `sessions` kept connections and remembers which message got its 250. What was offered and not answered
 * is `unknown`: it may have been accepted or not (RFC 5321 section 4.5.4.2), and it is not sent again. A lost session is
 * opened again until `count` messages are answered or `stop()` is called. `perSecond`: no faster than that, in all.
 *
 * Each message carries its name as Message-Id `<NAME.N@load.test>`; that is what the sink counts.
 */
export function startLoad({
  port,
  sessions,
  count = Number.POSITIVE_INFINITY,
  sizeBytes = 2048,
  perSecond = Number.POSITIVE_INFINITY,
  name = 'load',
  to = 'recipient@dst.test',
}) {
  const acknowledged = new Set()
  const unknown = new Set()
  const totals = { dropped: 0, refused: 0, lastReply: '' }
  const line = `${'X'.repeat(78)}\r\n`
  const body = line.repeat(Math.max(1, Math.round(sizeBytes / line.length)))
  const sockets = new Set()
  const startedAt = performance.now()
  let next = 0
  let stopped = false
  let open = 0
  let finish
  const done = new Promise((resolve) => {
    finish = resolve
  })

  const nextSession = () => {
    if (stopped || next >= count) {
      if (--open === 0) finish()
      return
    }
    session(nextSession)
  }

  /** One connection: greeting, EHLO, then a transaction after the other; `again` when it is over. */
  function session(again) {
    const socket = createConnection({ port, host: '127.0.0.1', noDelay: true })
    sockets.add(socket)
    let id = null
    let pending = ''
    let state = 'greeting'
    const offer = () => {
      if (stopped || next >= count) {
        state = 'quit'
        socket.write('QUIT\r\n')
        return
      }
      id = `<${name}.${next++}@load.test>`
      state = 'mail'
      const early = startedAt + (next * 1000) / perSecond - performance.now()
      if (early > 1) setTimeout(begin, early)
      else begin()
    }
    const begin = () => socket.write(`MAIL FROM:<sender@src.test>\r\nRCPT TO:<${to}>\r\nDATA\r\n`)
    const answer = (reply) => {
      const good = reply[0] === '2' || reply[0] === '3'
      if (!good) {
        totals.refused++
        totals.lastReply = reply
        id = null
        socket.end('QUIT\r\n')
        state = 'quit'
        return
      }
      if (state === 'greeting') {
        state = 'ehlo'
        socket.write('EHLO load.test\r\n')
      } else if (state === 'ehlo') offer()
      else if (state === 'mail') state = 'rcpt'
      else if (state === 'rcpt') state = 'data'
      else if (state === 'data') {
        state = 'end'
        unknown.add(id)
        socket.write(`From: <sender@src.test>\r\nTo: <${to}>\r\nMessage-Id: ${id}\r\n\r\n${body}.\r\n`)
      } else if (state === 'end') {
        unknown.delete(id)
        acknowledged.add(id)
        offer()
      }
    }
    socket.setEncoding('latin1')
    socket.on('data', (text) => {
      pending += text
      for (let end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n')) {
        const reply = pending.slice(0, end)
        pending = pending.slice(end + 1)
        if (reply[3] !== '-') answer(reply)
      }
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      if (state === 'quit') nextSession()
      else {
        if (state !== 'greeting') totals.dropped++
        // Nobody listens while a killed server starts again.
        setTimeout(again, 20)
      }
    })
  }

  for (open = 0; open < sessions; open++) setImmediate(nextSession)
  return {
    acknowledged,
    unknown,
    totals,
    /** When all sessions have ended. */
    done,
    /** No new transactions; the ones begun are finished. */
    async stop() {
      stopped = true
      await done
    },
    /** Ends everything at once. */
    cut() {
      stopped = true
      for (const socket of sockets) socket.destroy()
    },
  }
}
