import { createConnection } from 'node:net'
import { onTestFinished } from 'vitest'

/** A client of any address, by the word of a PROXY header. Gives the last line of each reply. */
export type Visitor = {
  readonly greeting: string
  say(line: string): Promise<string>
  /** MAIL and one RCPT; the reply to the first that is refused, or to RCPT. */
  mail(from: string, to: string): Promise<string>
  /** A whole message; the reply to its end, or to what was refused before. */
  send(from: string, to: string, content?: string): Promise<string>
  close(): void
}

export async function visit(port: number, address: string, helo = 'client.example.test'): Promise<Visitor> {
  const socket = createConnection({ port, host: '127.0.0.1', noDelay: true })
  onTestFinished(() => void socket.destroy())
  const arrived: string[] = []
  const waiting: ((reply: string) => void)[] = []
  let pending = ''
  socket.setEncoding('latin1')
  const take = (reply: string) => {
    const next = waiting.shift()
    if (next === undefined) arrived.push(reply)
    else next(reply)
  }
  socket.on('data', (text: string) => {
    const lines = (pending + text).split('\r\n')
    pending = lines.pop()!
    for (const line of lines) if (line[3] !== '-') take(line)
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    for (const next of waiting.splice(0)) next('closed')
  })
  const reply = () => {
    const ready = arrived.shift()
    return ready !== undefined ? Promise.resolve(ready) : new Promise<string>((resolve) => waiting.push(resolve))
  }
  const say = (line: string) => {
    socket.write(`${line}\r\n`)
    return reply()
  }
  const family = address.includes(':') ? 'TCP6' : 'TCP4'
  const own = family === 'TCP6' ? '::1' : '127.0.0.1'
  socket.write(`PROXY ${family} ${address} ${own} 50000 25\r\n`)
  const greeting = await reply()
  if (greeting.startsWith('220')) await say(`EHLO ${helo}`)
  const mail = async (from: string, to: string) => {
    const sender = await say(`MAIL FROM:<${from}>`)
    return sender.startsWith('250') ? await say(`RCPT TO:<${to}>`) : sender
  }
  return {
    greeting,
    say,
    async mail(from, to) {
      const answer = await mail(from, to)
      await say('RSET')
      return answer
    },
    async send(from, to, content = 'Subject: x\r\n\r\nhello') {
      const accepted = await mail(from, to)
      if (!accepted.startsWith('250')) {
        await say('RSET')
        return accepted
      }
      await say('DATA')
      return await say(`${content}\r\n.`)
    },
    close: () => void socket.destroy(),
  }
}
