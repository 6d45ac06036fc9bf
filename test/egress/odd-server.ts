import { createServer, type Server, type Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import { onTestFinished } from 'vitest'

/**
 * What to do when a command came: send text as it is (with its CRLF), `null` to be silent for ever, or one of the deeds.
 */
export type Answer =
  | string
  | null
  | { readonly close: 'before' | 'after'; readonly text?: string }
  /** Octet by octet. */
  | { readonly slowly: string }
  | { readonly tls: SecureContext; readonly text: string }

/** `verb` is upper case; `CONTENT` is the end of the content (`line` holds it, without the final dot), `CONNECT` the beginning. */
export type Behave = (verb: string, line: string, session: OddSession) => Answer

export type OddSession = {
  readonly number: number
  /** Address of the client. */
  readonly from: string
  /** All commands and contents in the order they came. */
  readonly heard: string[]
  /** How many commands came in each read: shows what was sent in one piece. */
  readonly reads: string[][]
  secure: boolean
  ended: boolean
  /** Reads no more from the connection, and leaves it open. */
  stop?: () => void
}

export type OddServer = {
  readonly port: number
  readonly sessions: OddSession[]
  /** Contents taken with a 2yz. */
  readonly accepted: string[]
  open(): number
  close(): Promise<void>
}

export const standardEhlo = ['PIPELINING', 'SIZE 10000000', '8BITMIME', 'SMTPUTF8', 'DSN', 'ENHANCEDSTATUSCODES']

export const ehloReply = (...keywords: string[]): string =>
  `${['odd.test', ...keywords].map((word, i, all) => `250${i === all.length - 1 ? ' ' : '-'}${word}`).join('\r\n')}\r\n`

/** A well-behaved answer to each command, to be replaced where a test wants something odd. */
export const behave: Behave = (verb) => {
  if (verb === 'CONNECT') return '220 odd.test ESMTP\r\n'
  if (verb === 'EHLO') return ehloReply(...standardEhlo)
  if (verb === 'DATA') return '354 go on\r\n'
  if (verb === 'CONTENT') return '250 2.0.0 taken\r\n'
  if (verb === 'QUIT') return { close: 'after', text: '221 2.0.0 bye\r\n' }
  return '250 2.0.0 ok\r\n'
}

/** An SMTP server that does what a test tells it to, however wrong. Closed with the test. */
export async function oddServer(behaviour: Behave = behave, host = '127.0.0.1', port = 0): Promise<OddServer> {
  const sessions: OddSession[] = []
  const accepted: string[] = []
  const sockets = new Set<Socket>()
  const server: Server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    const from = socket.remoteAddress ?? ''
    const session: OddSession = { number: sessions.length, from, heard: [], reads: [], secure: false, ended: false }
    session.stop = () => socket.pause()
    sessions.push(session)
    socket.on('close', () => {
      session.ended = true
      sockets.delete(socket)
    })
    converse(socket, session, behaviour, accepted)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
  onTestFinished(close)
  return { port: (server.address() as { port: number }).port, sessions, accepted, open: () => sockets.size, close }
}

function textOf(answer: Answer): string {
  if (answer === null) return ''
  if (typeof answer === 'string') return answer
  return 'slowly' in answer ? answer.slowly : (answer.text ?? '')
}

function converse(plain: Socket, session: OddSession, behaviour: Behave, accepted: string[]): void {
  let socket: Socket = plain
  let buffered = ''
  let inData = false
  let chunkBytes = -1
  let deaf = false
  /** Replies are written in the order of the commands, also when one of them is slow. */
  let queue: Promise<void> = Promise.resolve()

  const write = (text: string) => {
    if (!socket.destroyed) socket.write(text, 'latin1')
  }
  const act = (answer: Answer): void => {
    if (answer === null) return
    if (typeof answer === 'string') {
      queue = queue.then(() => write(answer))
    } else if ('slowly' in answer) {
      queue = queue.then(async () => {
        for (const octet of answer.slowly) {
          write(octet)
          await new Promise((resolve) => setImmediate(resolve))
        }
      })
    } else if ('close' in answer) {
      deaf = true
      queue = queue.then(() => {
        if (answer.close === 'after') socket.end(answer.text ?? '', 'latin1')
        else socket.destroy()
      })
    } else {
      buffered = ''
      queue = queue.then(() => {
        plain.write(answer.text, 'latin1', () => {
          plain.removeAllListeners('data')
          const tls = new TLSSocket(plain, { isServer: true, secureContext: answer.tls })
          socket = tls
          session.secure = true
          listen(tls)
        })
      })
    }
  }
  const hear = (verb: string, line: string) => {
    session.heard.push(verb === 'CONTENT' ? 'CONTENT' : line)
    const answer = behaviour(verb, line, session)
    if (verb === 'CONTENT' && textOf(answer).startsWith('2')) accepted.push(line)
    if (verb === 'DATA' && (typeof answer === 'string' || (answer !== null && 'slowly' in answer))) {
      inData = (typeof answer === 'string' ? answer : answer.slowly).startsWith('354')
    }
    act(answer)
    return line
  }
  const listen = (from: Socket) => {
    from.on('error', () => {})
    from.on('data', (chunk) => {
      if (deaf) return
      buffered += chunk.toString('latin1')
      const read: string[] = []
      session.reads.push(read)
      while (!deaf && (buffered !== '' || chunkBytes === 0)) {
        if (chunkBytes >= 0) {
          if (buffered.length < chunkBytes) return
          const content = buffered.slice(0, chunkBytes)
          buffered = buffered.slice(chunkBytes)
          chunkBytes = -1
          read.push('CONTENT')
          hear('CONTENT', content)
          continue
        }
        if (inData) {
          const stuffed = `\r\n${buffered}`
          const end = stuffed.indexOf('\r\n.\r\n')
          if (end < 0) return
          const content = stuffed.slice(2, end + 2)
          buffered = stuffed.slice(end + 5)
          inData = false
          read.push('CONTENT')
          hear('CONTENT', content)
          continue
        }
        const end = buffered.indexOf('\r\n')
        if (end < 0) return
        const line = buffered.slice(0, end)
        buffered = buffered.slice(end + 2)
        const verb = (/^[A-Za-z]*/.exec(line)?.[0] ?? '').toUpperCase()
        read.push(line)
        if (verb === 'BDAT') {
          session.heard.push(line)
          chunkBytes = Number(line.split(' ')[1])
        } else hear(verb, line)
      }
    })
  }
  listen(plain)
  act(behaviour('CONNECT', '', session))
}
