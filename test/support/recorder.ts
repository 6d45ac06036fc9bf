import { createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** One message as it came over the wire, its stuffed dots taken off. */
export type Recorded = {
  readonly from: string
  readonly to: readonly string[]
  readonly octets: Buffer
  readonly by: 'DATA' | 'BDAT'
}

export type Recorder = { readonly port: number; readonly messages: Recorded[] }

/**
 * An SMTP server that keeps every octet, and looks at none but CRLF.CRLF and the sizes of BDAT. It offers the keywords given.
 * Closed with the test.
 */
export async function startRecorder(...keywords: readonly string[]): Promise<Recorder> {
  const messages: Recorded[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    converse(socket, keywords, messages)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as { port: number }).port, messages }
}

function converse(socket: Socket, keywords: readonly string[], messages: Recorded[]): void {
  let parts: Buffer[] = []
  let bytes = 0
  /** Octets that must be there before it is worth looking. */
  let wanted = 0
  let mode: 'command' | 'data' | 'chunk' = 'command'
  let left = 0
  let isLast = false
  const content: Buffer[] = []
  let from = ''
  let to: string[] = []
  const say = (text: string) => void socket.write(`${text}\r\n`)
  say('220 recorder')
  const record = (octets: Buffer, by: 'DATA' | 'BDAT') => {
    messages.push({ from, to, octets, by })
    to = []
    say('250 2.0.0 taken')
  }
  const command = (line: string) => {
    const [verb = '', rest = ''] = line.split(/ (.*)/s)
    switch (verb) {
      case 'EHLO':
        return say(['250-recorder', ...keywords.map((word) => `250-${word}`), '250 ENHANCEDSTATUSCODES'].join('\r\n'))
      case 'MAIL':
        from = rest
        return say('250 2.1.0 ok')
      case 'RCPT':
        to = [...to, /<(.*)>/.exec(rest)?.[1] ?? '']
        return say('250 2.1.5 ok')
      case 'DATA':
        mode = 'data'
        return say('354 go on')
      case 'BDAT':
        mode = 'chunk'
        left = Number.parseInt(rest, 10)
        isLast = rest.endsWith('LAST')
        return
      case 'QUIT':
        socket.end('221 bye\r\n')
        return
      default:
        return say('250 2.0.0 ok')
    }
  }
  socket.on('data', (chunk: Buffer) => {
    parts.push(chunk)
    bytes += chunk.length
    if (bytes < wanted && mode === 'chunk') return
    let octets = Buffer.concat(parts, bytes)
    for (;;) {
      if (mode === 'command') {
        const end = octets.indexOf('\r\n')
        if (end < 0) break
        const line = octets.toString('latin1', 0, end)
        octets = octets.subarray(end + 2)
        command(line)
      } else if (mode === 'chunk') {
        wanted = left
        if (octets.length < left) break
        content.push(octets.subarray(0, left))
        octets = octets.subarray(left)
        mode = 'command'
        if (isLast) record(Buffer.concat(content.splice(0)), 'BDAT')
        else say('250 2.0.0 chunk')
      } else {
        const end = octets.subarray(0, 3).equals(Buffer.from('.\r\n')) ? -2 : octets.indexOf('\r\n.\r\n')
        if (end === -1) break
        const stuffed = octets.toString('latin1', 0, end + 2)
        octets = octets.subarray(end + 5)
        mode = 'command'
        record(Buffer.from(stuffed.replace(/(^|\r\n)\./g, '$1'), 'latin1'), 'DATA')
      }
    }
    parts = [Buffer.from(octets)]
    bytes = octets.length
  })
}
