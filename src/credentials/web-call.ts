import type { Agent, IncomingMessage } from 'node:http'
import { isLoopbackHost } from './loopback-host.ts'
import { nodeLookup } from './node-lookup.ts'
import type { LookUp } from './source.ts'
import { tlsOptions } from './tls-options.ts'

const maxBodyOctets = 256 * 1024
const sockets = { keepAlive: true, maxSockets: 32, maxFreeSockets: 4, timeout: 30_000 }

export type WebCall = {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

export type WebAnswer = {
  readonly status: number
  readonly body: string
  /** Headers as they came; `null`: there was none. */
  readonly date: string | null
  readonly retryAfter: string | null
}

/** Calls of one URL of the document. Connections are kept for the next one. */
export type WebEndpoint = {
  /** Rejects when there is no whole answer. A redirect is an answer like any other: nobody else hears our secrets. */
  call(call: WebCall, signal: AbortSignal): Promise<WebAnswer>
  close(): void
}

/** @throws Error when the URL is in clear and not of this machine */
export function webEndpoint(text: string, ca: string | null, lookUp: LookUp): WebEndpoint {
  const url = new URL(text)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackHost(host))) {
    throw new Error(`${shown(url)}: secrets are not sent without TLS`)
  }
  const isSecure = url.protocol === 'https:'
  let agent: Agent | null = null
  const lookup = nodeLookup(lookUp)

  return {
    async call({ method, headers, body }, signal) {
      // Loaded by who needs it: it takes longer than the rest of a start.
      const web = isSecure ? await import('node:https') : await import('node:http')
      agent ??= new web.Agent(sockets)
      const tls = isSecure ? await tlsOptions(host, ca) : {}
      const octets = body === null ? null : Buffer.from(body, 'utf8')
      const length = octets === null ? {} : { 'content-length': String(octets.length) }
      const base = { method, agent, lookup, signal, headers: { accept: 'application/json', ...headers, ...length } }
      const once = (): Promise<WebAnswer> =>
        new Promise((resolve, reject) => {
          const answered = (response: IncomingMessage) => void whole(response).then(resolve, reject)
          const request = web.request(url, { ...base, ...tls }, answered)
          request.once('error', (error) => reject(request.reusedSocket ? new StaleError(error) : error))
          request.end(octets ?? undefined)
        })
      try {
        try {
          return await once()
        } catch (error) {
          if (!(error instanceof StaleError) || signal.aborted) throw error
          // The server has closed a connection that was kept, in the moment in which it was used.
          return await once()
        }
      } catch (error) {
        const { code, message } = (error instanceof StaleError ? error.cause : error) as NodeJS.ErrnoException
        throw new Error(`${shown(url)}: ${message || code}`, { cause: error })
      }
    },
    close: () => agent?.destroy(),
  }
}

class StaleError extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause })
    this.name = 'StaleError'
  }
}

function whole(response: IncomingMessage): Promise<WebAnswer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let octets = 0
    response.on('data', (part: Buffer) => {
      octets += part.length
      if (octets > maxBodyOctets) response.destroy(new Error(`an answer of more than ${maxBodyOctets} octets`))
      else parts.push(part)
    })
    response.once('end', () => {
      const { date = null, 'retry-after': retryAfter = null } = response.headers
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8'), date, retryAfter })
    })
    response.once('error', reject)
    response.once('close', () => reject(new Error('the answer was cut off')))
  })
}

/** A query may hold a key. */
const shown = ({ origin, pathname }: URL): string => `${origin}${pathname}`
