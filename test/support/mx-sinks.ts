import { createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/**
 * takes         what comes
 * defers        451 to each recipient
 * refuses       550 to each recipient
 * busy          421 in place of a greeting
 * closed        554 in place of a greeting
 * mute          takes connections and says nothing
 * no-mail       521 in place of a greeting (RFC 7504)
 */
export type SinkManner = 'takes' | 'defers' | 'refuses' | 'busy' | 'closed' | 'mute' | 'no-mail'

export type MxSinks = {
  /** Recipients that each address has taken, each as often as it did. */
  readonly taken: ReadonlyMap<string, readonly string[]>
  /** Addresses that were connected to. */
  readonly visited: ReadonlySet<string>
}

/** SMTP servers on one port of many loopback addresses, each with manners of its own. Closed with the test. */
export async function startMxSinks(port: number, manners: Readonly<Record<string, SinkManner>>): Promise<MxSinks> {
  const taken = new Map<string, string[]>()
  const visited = new Set<string>()
  const servers: Server[] = []
  const sockets = new Set<Socket>()
  for (const [address, manner] of Object.entries(manners)) {
    const server = createServer((socket) => {
      visited.add(address)
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket)).on('error', () => {})
      converse(socket, manner, (recipients) => taken.set(address, [...(taken.get(address) ?? []), ...recipients]))
    })
    servers.push(server)
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, address, resolve))
  }
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  })
  return { taken, visited }
}

const greetings: Readonly<Partial<Record<SinkManner, string>>> = {
  busy: '421 4.3.2 too busy',
  closed: '554 5.3.2 no service',
  'no-mail': '521 5.3.2 this host takes no mail',
}

/** One command at a time: no extension is offered. */
function converse(socket: Socket, manner: SinkManner, take: (recipients: readonly string[]) => void): void {
  if (manner === 'mute') return
  const say = (line: string) => socket.write(`${line}\r\n`)
  const greeting = greetings[manner]
  if (greeting !== undefined) return void socket.end(`${greeting}\r\n`)
  let recipients: string[] = []
  let isData = false
  let pending = ''
  say('220 sink ESMTP')
  socket.setEncoding('latin1').on('data', (text: string) => {
    const lines = (pending + text).split('\r\n')
    pending = lines.pop()!
    for (const line of lines) {
      if (isData) {
        if (line !== '.') continue
        isData = false
        take(recipients)
        recipients = []
        say('250 2.0.0 taken')
        continue
      }
      const verb = line.slice(0, 4).toUpperCase()
      if (verb === 'RCPT') {
        const reply = manner === 'defers' ? '451 4.7.1 greylisted' : manner === 'refuses' ? '550 5.1.1 unknown' : null
        if (reply === null) recipients.push(/<(.*?)>/.exec(line)?.[1] ?? line)
        say(reply ?? '250 2.1.5 ok')
      } else if (verb === 'DATA') {
        isData = recipients.length > 0
        say(isData ? '354 go on' : '503 5.5.1 no recipient')
      } else if (verb === 'QUIT') {
        socket.end('221 2.0.0 bye\r\n')
      } else {
        if (verb === 'RSET' || verb === 'MAIL') recipients = []
        say('250 2.0.0 ok')
      }
    }
  })
}
