import type { Socket } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { readAuthorities, readPair } from '../../../src/ingress/tls/certificate.ts'
import { type ListenerContexts, listenerContexts } from '../../../src/ingress/tls/contexts.ts'
import type { ListenerSettings, ListenerTls } from '../../../src/mail/settings.ts'
import { authority, type Certificate } from '../../support/certificates.ts'
import { openHouse, settings, type TestHouse } from '../house.ts'
import { tcpWire, until, type Wire } from '../wire.ts'

export type Authority = ReturnType<typeof authority>

/** An authority in this folder, and a certificate of it for each of these names. */
export function certificatesFor(folder: string, ...names: string[]): { authority: Authority; pairs: Certificate[] } {
  const made = authority(folder, 'authority')
  return { authority: made, pairs: names.map((name, i) => made.sign(`server${i}`, `/CN=${name}`, '2', [name])) }
}

export const tlsSettings = (over: Partial<ListenerTls> = {}): ListenerTls => ({
  mode: 'offered',
  certificates: ['main'],
  minVersion: 'TLSv1.2',
  ciphers: null,
  clientCa: null,
  ...over,
})

export async function contextsFor(pairs: readonly Certificate[], tls: ListenerTls): Promise<ListenerContexts> {
  const read = await Promise.all(
    pairs.map(({ cert, key }, i) => readPair({ name: tls.certificates[i]!, certificate: cert, key })),
  )
  const vouching = tls.clientCa === null ? null : await readAuthorities(tls.clientCa)
  return listenerContexts(settings(), tls, read, vouching)
}

type Over = Parameters<typeof openHouse>[0] & { readonly line?: Partial<ListenerSettings> }

/** A listener with TLS, closed by whoever opened it. */
export async function tlsHouse(
  pairs: readonly Certificate[],
  tls: ListenerTls,
  { line, ...over }: Over = {},
): Promise<TestHouse> {
  return await openHouse({
    settings: { ...settings(), tls, ...line },
    tls: await contextsFor(pairs, tls),
    ...over,
  })
}

/** A client's end of an encrypted line. */
export type TlsWire = Wire & { readonly socket: TLSSocket }

export function tlsWire(options: ConnectionOptions): Promise<TlsWire> {
  return new Promise((resolve, reject) => {
    let came = ''
    let closed = false
    const socket = connect({ rejectUnauthorized: false, allowHalfOpen: true, ...options } as ConnectionOptions, () =>
      resolve({
        socket,
        send: async (segment) => void socket.write(segment),
        end: () => void socket.end(),
        came: () => came,
        closed: () => closed,
        destroy: () => void socket.destroy(),
      }),
    )
    socket.on('data', (chunk) => (came += chunk.toString('latin1')))
    socket.on('end', () => (closed = true))
    socket.on('close', () => (closed = true))
    socket.on('error', reject)
  })
}

/** Says this and waits for what is answered to all of it. */
export async function say(wire: Wire, text: string, answer: RegExp): Promise<string> {
  const before = wire.came().length
  await wire.send(Buffer.from(text, 'latin1'))
  const came = () => wire.came().slice(before)
  if (!(await until(() => answer.test(came()) || wire.closed()))) throw new Error(`no answer but ${came()}`)
  return came()
}

/** A connection after EHLO, STARTTLS and the handshake; `socket` options as of `tls.connect`. */
export async function startTls(port: number, options: ConnectionOptions = {}): Promise<TlsWire> {
  const wire = await tcpWire(port)
  await until(() => /^220 /.test(wire.came()))
  await say(wire, 'EHLO clear.example\r\n', /^250 /m)
  await say(wire, 'STARTTLS\r\n', /\r\n$/)
  return await tlsWire({ ...options, socket: wire.socket as Socket })
}
