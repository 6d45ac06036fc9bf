import { createConnection } from 'node:net'
import { sendersDomain } from './cast.js'

/**
 * Sends message number i to `recipients[i]`, over some kept connections and no faster than `perSecond`. Gives when each
 * was accepted (performance.now), by recipient.
 */
export async function sendAll({ port, recipients, perSecond, sessions = 8 }) {
  const acceptedAt = new Map()
  const begun = performance.now()
  let next = 0
  const refused = []
  await Promise.all(Array.from({ length: sessions }, run))
  return { acceptedAt, refused }

  function run() {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ port, host: '127.0.0.1', noDelay: true })
      let pending = ''
      let stage = 'greeting'
      let index = -1
      socket.on('error', reject)
      socket.on('close', resolve)
      socket.on('data', (chunk) => {
        pending += chunk.toString('latin1')
        for (let end = pending.indexOf('\r\n'); end >= 0; end = pending.indexOf('\r\n')) {
          const line = pending.slice(0, end)
          pending = pending.slice(end + 2)
          if (line[3] !== '-') reply(line)
        }
      })
      const offer = () => {
        if (next >= recipients.length) {
          stage = 'quit'
          socket.write('QUIT\r\n')
          return
        }
        index = next++
        const early = begun + (index * 1000) / perSecond - performance.now()
        if (early > 1) setTimeout(begin, early)
        else begin()
      }
      const begin = () => {
        stage = 'mail'
        socket.write(`MAIL FROM:<s${index}@${sendersDomain}>\r\n`)
      }
      function reply(line) {
        const isGood = line[0] === '2' || line[0] === '3'
        if (!isGood) refused.push(`${recipients[index] ?? stage}: ${line}`)
        if (stage === 'greeting') {
          stage = 'ehlo'
          socket.write('EHLO sender.test\r\n')
        } else if (stage === 'ehlo') offer()
        else if (stage === 'mail') {
          stage = 'rcpt'
          socket.write(`RCPT TO:<${recipients[index]}>\r\n`)
        } else if (stage === 'rcpt') {
          stage = 'data'
          socket.write('DATA\r\n')
        } else if (stage === 'data') {
          stage = 'body'
          const header = `From: s${index}@${sendersDomain}\r\nTo: ${recipients[index]}\r\nSubject: ${index}\r\n`
          socket.write(
            `${header}Message-ID: <${index}@${sendersDomain}>\r\n\r\n${'words of a day\r\n'.repeat(60)}.\r\n`,
          )
        } else if (stage === 'body') {
          acceptedAt.set(recipients[index], performance.now())
          offer()
        }
      }
    })
  }
}
