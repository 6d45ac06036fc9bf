import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** A message that a stub was given. */
export type Arrived = { readonly target: string; readonly recipients: readonly string[]; readonly test: number }

export type StubHost = { readonly port: number; close(): Promise<void> }

/** The header that a submission is known by again. */
export const testHeader = 'X-Mailgw-Test'

/**
 * A host on loopback that takes every message and says what it was given. It understands what the gateway's own client
 * says, and nothing more.
 */
export async function startStubHost(target: string, arrived: (message: Arrived) => void): Promise<StubHost> {
  const sockets = new Set<Socket>()
  let isClosing = false
  const server: Server = createServer((socket) => {
    if (isClosing) return void socket.destroy()
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    converse(socket, target, arrived)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      isClosing = true
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** command -> (DATA) content -> command. Octets are kept as Latin-1, so that none is lost. */
function converse(socket: Socket, target: string, arrived: (message: Arrived) => void): void {
  let buffer = ''
  let recipients: string[] = []
  let inContent = false
  const say = (text: string) => void socket.write(`${text}\r\n`)
  say('220 stub.invalid ESMTP')
  socket.on('data', (chunk) => {
    buffer += chunk.toString('latin1')
    for (;;) {
      const end = buffer.indexOf(inContent ? '\r\n.\r\n' : '\r\n')
      if (end < 0) return
      const text = buffer.slice(0, end)
      buffer = buffer.slice(end + (inContent ? 5 : 2))
      if (inContent) {
        inContent = false
        const test = new RegExp(`^${testHeader}: (\\d+)$`, 'm').exec(text.replaceAll('\r', ''))
        if (test !== null && !isNotification(text)) arrived({ target, recipients, test: Number(test[1]) })
        recipients = []
        say('250 2.0.0 taken')
      } else command(text)
    }
  })

  function command(line: string): void {
    const verb = line.slice(0, 4).toUpperCase()
    if (verb === 'EHLO') say('250-stub.invalid\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES')
    else if (verb === 'RCPT') {
      const path = /^RCPT TO:<(.*)>/i.exec(Buffer.from(line, 'latin1').toString('utf8'))
      recipients.push(path?.[1] ?? '')
      say('250 2.1.5 ok')
    } else if (verb === 'DATA') {
      inContent = true
      say('354 go on')
    } else if (verb === 'QUIT') socket.end('221 2.0.0 bye\r\n')
    else {
      if (verb === 'MAIL' || verb === 'RSET') recipients = []
      say('250 2.0.0 ok')
    }
  }
}

/** A notification brings the headers of what it is about, and is no submission. */
export const isNotification = (content: string): boolean => /^Auto-Submitted: auto-/im.test(content)
