import { createServer } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { isIll } from './cast.js'

const minuteMs = 60_000

/**
 * The hosts of the day, one server for each address. `now()` is the driven time and `shareOf()` how much of the day is
 * over. `taken(recipient, content)` hears of every message that a host takes.
 */
export async function startHosts({ cast, sendersAt, port, now, shareOf, certificates, tokens, smartHostAt, taken }) {
  const servers = new Set()
  const firstSeen = new Map()
  const counts = { sessions: 0, refusedSessions: 0, inClear: 0 }
  const listen = (at, domain) =>
    new Promise((resolve, reject) => {
      const server = createServer({ noDelay: true }, (socket) => session(socket, domain))
      servers.add(server)
      server.once('error', reject).listen(port, at, () => resolve(server))
    })

  await listen(sendersAt, { kind: 'healthy' })
  await listen(smartHostAt, { kind: 'smart-host' })
  const timers = []
  for (const domain of cast) {
    const { kind, at, other } = domain
    if (kind === 'second') await listen(other, domain)
    else if (kind === 'reborn') timers.push(whenWell(domain, () => void listen(at, domain)))
    else if (!['dead', 'token', 'null-mx', 'lost-zone'].includes(kind)) await listen(at, domain)
  }

  function whenWell(domain, then) {
    const timer = setInterval(() => {
      if (isIll(domain, shareOf())) return
      clearInterval(timer)
      then()
    }, 50)
    return timer
  }

  /** What the host says to a new connection; `null` is silence. */
  function greeting(domain) {
    const { kind } = domain
    if (kind === 'silent' && isIll(domain, shareOf())) return null
    if (kind === 'storm' && stormy()) return '421 4.3.2 too busy\r\n'
    return '220 ready\r\n'
  }
  const stormy = () => now() % (60 * minuteMs) < 20 * minuteMs

  function session(plain, domain) {
    counts.sessions++
    const { kind } = domain
    let socket = plain
    let pending = ''
    let inData = false
    let recipients = []
    let from = ''
    let loggedIn = false
    const say = (text) => socket.writable && socket.write(text)
    const read = (chunk) => {
      pending += chunk.toString('latin1')
      for (;;) {
        if (inData) {
          const end = pending.indexOf('\r\n.\r\n')
          if (end < 0) return
          const content = pending.slice(0, end + 2)
          pending = pending.slice(end + 5)
          inData = false
          for (const recipient of recipients) taken(recipient, content, from)
          say('250 2.0.0 taken\r\n')
          continue
        }
        const end = pending.indexOf('\r\n')
        if (end < 0) return
        const command = pending.slice(0, end)
        pending = pending.slice(end + 2)
        say(answer(command))
      }
    }
    const watch = (one) => {
      socket = one
      one.on('data', read)
      one.on('error', () => {})
    }

    function answer(command) {
      const verb = command.slice(0, 4).toUpperCase()
      if (verb === 'EHLO') return `250-here\r\n250-PIPELINING\r\n${extensions()}250 8BITMIME\r\n`
      if (verb === 'STAR') return startTls()
      if (verb === 'AUTH') {
        const shown = Buffer.from(command.split(' ')[2] ?? '', 'base64').toString('latin1')
        loggedIn = tokens.isGood(/auth=Bearer ([^\x01]+)/.exec(shown)?.[1] ?? '')
        return loggedIn ? '235 2.7.0 welcome\r\n' : '535 5.7.3 authentication unsuccessful\r\n'
      }
      if (verb === 'MAIL') {
        if (kind === 'smart-host' && !loggedIn) return '530 5.7.57 client not authenticated to send mail\r\n'
        from = /<([^>]*)>/.exec(command)?.[1] ?? ''
        recipients = []
        return '250 2.1.0 ok\r\n'
      }
      if (verb === 'RCPT') return rcpt(/<([^>]*)>/.exec(command)?.[1] ?? '')
      if (verb === 'DATA') {
        if (recipients.length === 0) return '554 5.5.1 no recipients\r\n'
        inData = true
        return '354 go on\r\n'
      }
      if (verb === 'QUIT') {
        setImmediate(() => socket.end())
        return '221 2.0.0 bye\r\n'
      }
      return verb === 'RSET' || verb === 'NOOP' ? '250 2.0.0 ok\r\n' : '500 5.5.2 what\r\n'
    }

    const extensions = () => {
      if (kind === 'smart-host') return '250-AUTH XOAUTH2\r\n'
      return kind === 'certificate' && socket === plain ? '250-STARTTLS\r\n' : ''
    }

    function startTls() {
      if (kind !== 'certificate') return '502 5.5.1 no\r\n'
      const { cert, key } = isIll(domain, shareOf()) ? certificates.wrong : certificates.right
      plain.off('data', read)
      plain.write('220 2.0.0 ready\r\n', () => {
        watch(new TLSSocket(plain, { isServer: true, secureContext: createSecureContext({ cert, key }) }))
      })
      return ''
    }

    function rcpt(recipient) {
      if (kind === 'refuses') return '550 5.1.1 no such user\r\n'
      if ((kind === 'certificate' || kind === 'downgrade') && socket === plain) counts.inClear++
      if (kind === 'greylist') {
        const known = firstSeen.get(recipient)
        if (known === undefined) firstSeen.set(recipient, now())
        if (known === undefined || now() - known < 15 * minuteMs) return '451 4.7.1 greylisted, come back\r\n'
      }
      if (kind === 'storm' && stormy()) return '421 4.3.2 too busy\r\n'
      recipients.push(recipient)
      return '250 2.1.5 ok\r\n'
    }

    watch(plain)
    const first = greeting(domain)
    if (first === null) return
    if (!first.startsWith('220')) counts.refusedSessions++
    const send = () => {
      say(first)
      if (!first.startsWith('220')) socket.end()
    }
    if (kind === 'slow') setTimeout(send, (2 * minuteMs) / tokens.speed)
    else send()
  }

  return {
    counts,
    close() {
      for (const timer of timers) clearInterval(timer)
      for (const server of servers) server.close()
    },
  }
}
