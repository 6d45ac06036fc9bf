import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { isLoopbackHost } from '../loopback-host.ts'
import { nodeLookup } from '../node-lookup.ts'
import type { LookUp } from '../source.ts'
import { tlsOptions } from '../tls-options.ts'
import { firstMessage } from './frame.ts'

export type LdapServer = {
  readonly url: string
  readonly host: string
  readonly port: number
  readonly implicitTls: boolean
}

export type DialSettings = { readonly startTls: boolean; readonly ca: string | null; readonly lookUp: LookUp }

/** @throws Error when the text is no `ldap://host:port` or `ldaps://host:port` */
export function parseLdapUrl(text: string): LdapServer {
  const { protocol, hostname, port } = new URL(text)
  if ((protocol !== 'ldap:' && protocol !== 'ldaps:') || hostname === '') throw new Error(`${text} is no LDAP server`)
  const implicitTls = protocol === 'ldaps:'
  const host = hostname.replace(/^\[|\]$/g, '')
  return { url: text, host, port: port === '' ? (implicitTls ? 636 : 389) : Number(port), implicitTls }
}

/**
 * Connects, with TLS unless the host is this machine and the document wants none. Nothing is said in clear but STARTTLS:
 * the library would reconnect in clear by itself, and would take for an answer what somebody put on the line before the
 * handshake.
 */
export async function dial(server: LdapServer, settings: DialSettings, signal: AbortSignal): Promise<Socket> {
  const { host, port, implicitTls } = server
  const { startTls, ca, lookUp } = settings
  if (!implicitTls && !startTls && !isLoopbackHost(host)) {
    throw new Error(`${server.url}: passwords are not sent without TLS`)
  }
  const tls = implicitTls || startTls ? await tlsOptions(host, ca) : null
  const socket = connectTcp({ host, port, lookup: nodeLookup(lookUp), noDelay: true })
  const giveUp = () => socket.destroy(new Error('no connection in time'))
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    if (signal.aborted) giveUp()
    await once(socket, 'connect')
    if (tls === null) return socket
    if (!implicitTls) await askForTls(socket)
    const secure = connectTls({ ...tls, socket })
    await once(secure, 'secureConnect')
    return secure
  } catch (error) {
    socket.on('error', () => {})
    socket.destroy()
    const { code, message } = error as NodeJS.ErrnoException
    throw new Error(`${server.url}: ${message || code}`, { cause: error })
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

/** ExtendedRequest 1 with the name 1.3.6.1.4.1.1466.20037 (RFC 4511 §4.14.1). */
const startTlsOid = Buffer.from('1.3.6.1.4.1.1466.20037', 'latin1')
const startTlsRequest = Buffer.concat([
  Buffer.from([0x30, 7 + startTlsOid.length, 0x02, 0x01, 0x01, 0x77, 2 + startTlsOid.length, 0x80, startTlsOid.length]),
  startTlsOid,
])

async function askForTls(socket: Socket): Promise<void> {
  socket.write(startTlsRequest)
  let answer: Buffer = Buffer.alloc(0)
  for (;;) {
    const size = firstMessage(answer)
    if (!size.ok) throw new Error(`the answer to STARTTLS is ${size.error}`)
    // What came behind it came in clear, from whoever is on the line (as CVE-2011-0411 has it for mail).
    if (size.value > 0 && answer.length > size.value) throw new Error('something was sent between STARTTLS and TLS')
    if (size.value > 0) break
    const chunk = await nextChunk(socket)
    answer = Buffer.concat([answer, chunk])
  }
  const code = extendedResult(answer)
  if (code !== 0) throw new Error(`the directory refuses STARTTLS (result ${code ?? 'unreadable'})`)
}

/** Reads once and pauses again, so that the octets behind it are TLS's. */
async function nextChunk(socket: Socket): Promise<Buffer> {
  for (;;) {
    const chunk = socket.read() as Buffer | null
    if (chunk !== null) return chunk
    if (socket.readableEnded || socket.destroyed) throw new Error('the directory hung up')
    await new Promise<void>((resolve, reject) => {
      const done = (error?: Error) => {
        for (const event of ['readable', 'end', 'close']) socket.off(event, onward)
        socket.off('error', done)
        if (error instanceof Error) reject(error)
        else resolve()
      }
      const onward = () => done()
      for (const event of ['readable', 'end', 'close']) socket.on(event, onward)
      socket.on('error', done)
    })
  }
}

/** The result code of `ExtendedResponse` 1; `null` when it is something else. */
function extendedResult(message: Buffer): number | null {
  const skip = message[1]! < 0x80 ? 2 : 2 + (message[1]! & 0x7f)
  const body = message.subarray(skip)
  if (body[0] !== 0x02 || body[1] !== 1 || body[2] !== 1 || body[3] !== 0x78) return null
  const inner = body.subarray(body[4]! < 0x80 ? 5 : 5 + (body[4]! & 0x7f))
  return inner[0] === 0x0a && inner[1] === 1 ? inner[2]! : null
}
