import { createConnection } from 'node:net'
import { connect as connectTls } from 'node:tls'

/**
 * What clients do that mean no good, each from addresses of its own (loopback is 127.0.0.0/8). Every attack goes on until
 * `target.stopped`; `count(what)` counts what it did. `scale` is 1 for the measurement and less for a test.
 */
export const attacks = {
  'slow readers': { run: slowReaders, what: 'asks for long answers without end and reads none of them' },
  'slow writers': { run: slowWriters, what: 'sends an octet now and then: commands, headers and content' },
  'bursts of connections': { run: bursts, what: '10,000 connections, 500 at a time, most of which say nothing' },
  'endless lines': { run: endlessLines, what: 'commands and lines of content that never end' },
  'ignored replies': { run: ignoredReplies, what: 'whole sessions sent at once, whatever is answered' },
  'recipient floods': { run: recipientFloods, what: 'recipients without end, most of which do not exist' },
  'half-closed sockets': { run: halfClosed, what: 'closes its side in the middle of everything' },
  'handshake storms': { run: handshakeStorms, what: 'TLS handshakes that are broken off, and renegotiations' },
  'flood of mail': { run: flood, what: 'good messages as fast as they go, from one client' },
}

/** A connection that is replaced when it is gone; `use` is told of each. */
function hold(target, from, use, port = target.port) {
  if (target.stopped) return
  const socket = createConnection({ port, host: '127.0.0.1', localAddress: from, allowHalfOpen: true })
  target.sockets.add(socket)
  target.count('connections')
  socket.on('error', () => {})
  socket.on('connect', () => use(socket))
  socket.on('end', () => socket.end())
  socket.on('close', () => {
    target.sockets.delete(socket)
    // Whoever is sent away comes again, but not faster than a program that waits for the network would.
    setTimeout(() => hold(target, from, use, port), 20)
  })
}

const many = (target, count) => Array.from({ length: Math.max(1, Math.round(count * target.scale)) }, (_, i) => i)
const address = (attack, n) => `127.${attack}.${(n >> 7) & 127}.${(n & 127) + 1}`
/** Writes as long as the socket takes it, and goes on when it drains. */
function pour(target, socket, octets) {
  const more = () => {
    while (!target.stopped && !socket.destroyed && socket.write(octets));
  }
  socket.on('drain', more)
  more()
}
/** Says one octet of it every so often, from the beginning again at its end. */
function trickle(target, socket, text, everyMs) {
  let at = 0
  const timer = setInterval(() => {
    if (target.stopped || socket.destroyed) clearInterval(timer)
    else socket.write(text[at++ % text.length])
  }, everyMs)
}

const envelope = 'EHLO evil.test\r\nMAIL FROM:<evil@src.test>\r\nRCPT TO:<ann@here.test>\r\nDATA\r\n'

function slowReaders(target) {
  for (const n of many(target, 150)) {
    hold(target, address(10, n % 3), (socket) => {
      socket.pause()
      pour(target, socket, 'EHLO evil.test\r\nHELP\r\n'.repeat(500))
    })
  }
}

function slowWriters(target) {
  for (const n of many(target, 400)) {
    hold(target, address(11, n % 5), (socket) => {
      socket.resume()
      if (n % 3 === 0) trickle(target, socket, 'EHLO evil.test\r\n', 100)
      else {
        socket.write(envelope)
        trickle(target, socket, n % 3 === 1 ? 'Subject: slow\r\n' : 'x', 100)
      }
    })
  }
}

async function bursts(target) {
  let left = Math.round(10_000 * target.scale)
  for (let n = 0; !target.stopped; n++) {
    const size = Math.min(500, Math.max(left, 50))
    left -= size
    const burst = Array.from({ length: size }, (_, i) => {
      const from = address(12, (n * 7 + i) % 200)
      const socket = createConnection({ port: target.port, host: '127.0.0.1', localAddress: from })
      target.sockets.add(socket)
      target.count('connections')
      socket.on('error', () => {})
      socket.on('close', () => target.sockets.delete(socket))
      socket.on('data', () => {})
      if (i % 3 === 0) socket.on('connect', () => socket.write('EHLO evil.test\r\n'))
      return socket
    })
    await target.pause(300)
    for (const [i, socket] of burst.entries()) i % 2 === 0 ? socket.resetAndDestroy() : socket.end()
    await target.pause(left > 0 ? 50 : 1000)
    for (const socket of burst) socket.destroy()
  }
}

function endlessLines(target) {
  const line = 'x'.repeat(65_536)
  for (const n of many(target, 12)) {
    hold(target, address(13, n), (socket) => {
      socket.resume()
      socket.write(n % 2 === 0 ? 'EHLO evil.test\r\nMAIL FROM:<' : envelope)
      pour(target, socket, line)
    })
  }
}

function ignoredReplies(target) {
  const session = `${envelope}x\r\n.\r\nRSET\r\nVRFY x\r\nWHAT\r\nBDAT 5\r\nxxxxxNOOP\r\n`
  for (const n of many(target, 30)) hold(target, address(14, n), (socket) => pour(target, socket, session.repeat(20)))
}

function recipientFloods(target) {
  const names = Array.from({ length: 1000 }, (_, i) => `RCPT TO:<guess${i}@here.test>\r\n`).join('')
  const good = 'RCPT TO:<ann@here.test>\r\n'.repeat(200)
  for (const n of many(target, 20)) {
    hold(target, address(15, n), (socket) => {
      socket.resume()
      socket.write('EHLO evil.test\r\nMAIL FROM:<evil@src.test>\r\n')
      pour(target, socket, n % 2 === 0 ? names : `${good}RSET\r\nMAIL FROM:<evil@src.test>\r\n`)
    })
  }
}

function halfClosed(target) {
  const parts = [
    '',
    'EH',
    'EHLO evil.test\r\n',
    envelope,
    `${envelope}Subject: half`,
    'EHLO evil.test\r\nBDAT 1000\r\nx',
  ]
  for (const n of many(target, 120)) {
    hold(target, address(16, n % 40), (socket) => {
      // Half of them read what comes, the others leave it and never close for good.
      if (n % 2 === 0) socket.resume()
      socket.end(parts[n % parts.length])
      setTimeout(() => socket.destroy(), 500)
    })
  }
}

function handshakeStorms(target) {
  for (const n of many(target, 16)) {
    const from = address(17, n)
    // Hello and gone, as fast as they are let in.
    if (n % 2 === 0) {
      const again = () => {
        if (target.stopped) return
        const options = { port: target.tlsPort, host: '127.0.0.1', localAddress: from, rejectUnauthorized: false }
        const socket = connectTls(options)
        target.sockets.add(socket)
        target.count('handshakes')
        socket.on('error', () => {})
        socket.on('close', () => {
          target.sockets.delete(socket)
          setTimeout(again, 2)
        })
        socket.on('secureConnect', () => socket.destroy())
        setTimeout(() => socket.destroy(), 200)
      }
      again()
    } else {
      const options = { port: target.tlsPort, host: '127.0.0.1', localAddress: from, rejectUnauthorized: false }
      const again = () => {
        if (target.stopped) return
        const socket = connectTls({ ...options, maxVersion: 'TLSv1.2' })
        target.sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => {
          target.sockets.delete(socket)
          setTimeout(again, 20)
        })
        socket.on('secureConnect', () => {
          const renegotiate = () => {
            if (socket.destroyed) return
            target.count('renegotiations')
            socket.renegotiate({ rejectUnauthorized: false }, (error) => (error ? socket.destroy() : renegotiate()))
          }
          renegotiate()
        })
        socket.resume()
      }
      again()
    }
  }
}

function flood(target) {
  const message = `MAIL FROM:<evil@src.test>\r\nRCPT TO:<ann@here.test>\r\nDATA\r\n`
  const body = `Subject: flood\r\n\r\n${`${'x'.repeat(76)}\r\n`.repeat(25)}.\r\n`
  for (const _ of many(target, 50)) {
    hold(target, address(18, 0), (socket) => {
      let greeted = false
      socket.on('data', (chunk) => {
        const text = chunk.toString('latin1')
        if (!greeted) {
          greeted = true
          socket.write('EHLO evil.test\r\n')
        } else if (/^354 /m.test(text)) socket.write(body)
        else if (/^(?:250 HELP|250 2\.0\.0 |250 2\.6\.0 )/m.test(text)) {
          if (text.includes('queued')) target.count('accepted')
          socket.write(message)
        } else if (/^4/m.test(text)) socket.end('QUIT\r\n')
      })
    })
  }
}
