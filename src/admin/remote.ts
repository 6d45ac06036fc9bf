import { constants } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer as createPlainServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import { createSecureContext, type SecureContextOptions, type TLSSocket } from 'node:tls'
import type { Log } from '../mail/log.ts'
import type { AdminSettings, HostPort } from '../mail/settings.ts'
import { type Credentials, type Recognized, recognize, subjectText } from './access.ts'

/**
 * The admin API on TCP, as the active graph has it. Its sockets change like those of listeners: made ready first, unchanged
 * ones not touched. New tokens, certificates and keys hold from the moment of the change, also for connections that are open.
 */
export type RemoteAdmin = {
  /** Reads and parses certificates and keys, and binds what is new; throws, with nothing changed, when one of these fails. */
  prepare(settings: AdminSettings | null): Promise<{ commit(): void; abort(): void }>
  addresses(): readonly HostPort[]
  close(): Promise<void>
}

export type RemoteOptions = {
  /** Answers one call of whoever is recognised. */
  readonly handle: (identify: (request: IncomingMessage) => Recognized) => RequestListener
  readonly log: Log
}

/** A socket that is bound ahead of a change answers nobody before the change is made. */
type Bound = { readonly key: string; readonly server: Server | TlsServer; isOpen: boolean }

/** Time for a caller to say who it is and what it wants; the body of an upload may take longer. */
const headersTimeoutMs = 10_000
const requestTimeoutMs = 10 * 60_000
const tlsOptions = {
  rejectUnauthorized: false,
  handshakeTimeout: headersTimeoutMs,
  // A resumed session would bring back a certificate that is not looked at again.
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const
/** Connections at one moment: a coordinator needs one, a person another. */
const maxConnections = 50

export function openRemoteAdmin({ handle, log }: RemoteOptions): RemoteAdmin {
  let settings: AdminSettings | null = null
  let bound: readonly Bound[] = []
  const listener = handle((request) => {
    if (settings === null) return { ok: false, why: 'the admin API is closed' }
    return recognize(settings, credentialsOf(request))
  })

  const bind = (address: HostPort, context: SecureContextOptions | null, asks: boolean): Promise<Bound> =>
    new Promise((resolve, reject) => {
      const options = { headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs }
      const answer: RequestListener = (request, response) => {
        if (one.isOpen) listener(request, response)
        else request.socket.destroy()
      }
      // A certificate is asked for where a client CA is named, and nobody is turned away without one: a token will do.
      const server =
        context === null
          ? createPlainServer(options, answer)
          : createTlsServer({ ...options, ...context, ...tlsOptions, requestCert: asks }, answer)
      const one: Bound = { key: keyOf(address, context !== null, asks), server, isOpen: false }
      server.maxConnections = maxConnections
      server.on('tlsClientError', (error: Error) => log.debug('admin.tls-failed', { error: error.message }))
      server.once('error', reject)
      server.listen({ host: address.host, port: address.port, ipv6Only: true }, () => {
        server.off('error', reject)
        server.on('error', (error: Error) => log.error('admin.failed', { error: error.message }))
        resolve(one)
      })
    })

  return {
    async prepare(next) {
      const context = next?.tls == null ? null : await contextOf(next.tls)
      const asks = next?.tls?.clientCa != null
      const wanted = (next?.bind ?? []).map((address) => ({ address, key: keyOf(address, context !== null, asks) }))
      const kept = bound.filter(({ key }) => wanted.some((one) => one.key === key))
      const fresh: Bound[] = []
      try {
        for (const { address, key } of wanted) {
          if (!kept.some((one) => one.key === key)) fresh.push(await bind(address, context, asks))
        }
      } catch (error) {
        for (const { server } of fresh) server.close()
        throw error
      }
      return {
        commit() {
          for (const { server } of bound.filter((one) => !kept.includes(one))) leave(server)
          if (context !== null) for (const { server } of kept) (server as TlsServer).setSecureContext(context)
          bound = [...kept, ...fresh]
          for (const one of bound) one.isOpen = true
          settings = next
          // Who was let in by a certificate that does not count any more has to show another one.
          for (const { server } of kept) server.closeIdleConnections()
        },
        abort() {
          for (const { server } of fresh) server.close()
        },
      }
    },
    addresses: () =>
      bound.map(({ server }) => {
        const { address, port } = server.address() as { address: string; port: number }
        return { host: address, port }
      }),
    async close() {
      settings = null
      for (const { server } of bound) {
        server.closeAllConnections()
        server.close()
      }
      bound = []
    },
  }
}

/** The call that asked for the change is still to be answered on it. */
function leave(server: Server | TlsServer): void {
  server.close()
  server.closeIdleConnections()
}

const keyOf = ({ host, port }: HostPort, tls: boolean, asks: boolean): string => `${host} ${port} ${tls} ${asks}`

/** Parsed here, so that a certificate that is none stops a change and not a handshake. Throws in the words of the reader. */
async function contextOf({
  certificate,
  key,
  clientCa,
}: NonNullable<AdminSettings['tls']>): Promise<SecureContextOptions> {
  const read = (what: string, path: string) =>
    readFile(path).catch((error: Error) => {
      throw new Error(`the ${what} cannot be read: ${error.message}`)
    })
  const options: SecureContextOptions = {
    cert: await read('certificate', certificate),
    key: await read('key', key),
    ...(clientCa === null ? {} : { ca: await read('client CA', clientCa) }),
    minVersion: 'TLSv1.2',
  }
  try {
    createSecureContext(options)
  } catch (error) {
    throw new Error(`certificate ${certificate} with key ${key}: ${(error as Error).message}`)
  }
  return options
}

function credentialsOf({ headers, socket }: IncomingMessage): Credentials {
  const authorization = headers.authorization ?? null
  const secure = socket as Partial<TLSSocket>
  // `authorized`: signed by the client CA and in its time.
  const certificate = secure.authorized === true ? secure.getPeerX509Certificate?.() : undefined
  return { authorization, subject: certificate === undefined ? null : subjectText(certificate.subject) }
}
