import { createConnection } from 'node:net'
import { onTestFinished } from 'vitest'

export type Client = {
  /** Sends lines (CRLF is added) and gives the next reply, its last line: `250 2.1.0 sender ok`. */
  say(...lines: readonly string[]): Promise<string>
  /** Sends lines and gives as many replies as are asked for. */
  replies(count: number, ...lines: readonly string[]): Promise<readonly string[]>
  /** Raw octets. */
  write(text: string): void
  reply(): Promise<string>
  close(): void
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<void>
}

/** A plain SMTP client that has read the greeting and said EHLO. */
export async function openClient(port: number, localAddress = '127.0.0.1', host = '127.0.0.1'): Promise<Client> {
  const socket = createConnection({ port, host, localAddress, noDelay: true })
  const arrived: string[] = []
  const waiting: { resolve(reply: string): void; reject(error: Error): void }[] = []
  let pending = ''
  let over = false
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    const lines = (pending + text).split('\r\n')
    pending = lines.pop()!
    for (const line of lines) {
      if (line[3] === '-') continue
      const next = waiting.shift()
      if (next === undefined) arrived.push(line)
      else next.resolve(line)
    }
  })
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) =>
    socket.on('close', () => {
      over = true
      for (const { reject } of waiting.splice(0)) reject(new Error('the gateway closed the connection'))
      resolve()
    }),
  )
  onTestFinished(() => void socket.destroy())

  const reply = (): Promise<string> => {
    const ready = arrived.shift()
    if (ready !== undefined) return Promise.resolve(ready)
    if (over) return Promise.reject(new Error('the gateway closed the connection'))
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
  }
  const write = (text: string): void => void socket.write(text, 'latin1')
  const client: Client = {
    write,
    reply,
    say(...lines) {
      write(lines.map((line) => `${line}\r\n`).join(''))
      return reply()
    },
    async replies(count, ...lines) {
      write(lines.map((line) => `${line}\r\n`).join(''))
      return await Promise.all(Array.from({ length: count }, reply))
    },
    close: () => socket.end(),
    closed,
  }
  const greeting = await reply()
  if (!greeting.startsWith('220')) throw new Error(`greeted with ${greeting}`)
  await client.say('EHLO client.test')
  return client
}

/** One whole transaction; gives the id that the 250 names. Throws when anything is refused. */
export async function sendMessage(
  client: Client,
  from: string,
  to: string | readonly string[],
  content = 'Subject: test\r\n\r\nhello\r\n',
): Promise<string> {
  const recipients = typeof to === 'string' ? [to] : to
  const replies = await client.replies(
    recipients.length + 2,
    `MAIL FROM:<${from}>`,
    ...recipients.map((one) => `RCPT TO:<${one}>`),
    'DATA',
  )
  const last = await client.say(`${content}.`)
  const refused = [...replies, last].find((text) => !/^[23]/.test(text))
  if (refused !== undefined) throw new Error(`refused: ${refused}`)
  return queuedId(last)
}

/** `250 2.0.0 queued as ID` */
export function queuedId(reply: string): string {
  const found = /queued as (\S+)/.exec(reply)
  if (found === null) throw new Error(`no id in ${JSON.stringify(reply)}`)
  return found[1]!
}
