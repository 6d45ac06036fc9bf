import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { Resolver } from '../answer.ts'
import { isConnectable } from '../special-addresses.ts'
import { maxPolicyOctets } from './policy.ts'

/**
 * `body`      the text of the policy
 * `failed`    `webpki`: the server is not who it should be; `fetch`: anything else. In words for people
 */
export type Fetched =
  | { readonly kind: 'body'; readonly body: string }
  | { readonly kind: 'failed'; readonly of: 'webpki' | 'fetch'; readonly why: string }

export type FetchPolicy = (domain: string) => Promise<Fetched>

export type FetchSettings = {
  /** 443, another one only in a lab. */
  readonly port: number
  /** Authorities, PEM; absent: those of Node. */
  readonly ca?: string | readonly string[]
  readonly timeoutMs: number
}

const path = '/.well-known/mta-sts.txt'

/**
 * Fetches the policy of a domain from `https://mta-sts.<domain>` (RFC 8461 §3.3): certificate and name checked, no
 * redirect followed, no cookie, no cache, one answer of a bounded size within a bounded time. Whoever owns the domain
 * chooses the server: addresses that are nothing to connect to are left out, and nothing of what comes back is passed on.
 */
export function policyFetcher(resolver: Pick<Resolver, 'addresses'>, settings: () => FetchSettings): FetchPolicy {
  return async (domain) => {
    const { port, ca, timeoutMs } = settings()
    const host = `mta-sts.${domain}`
    const found = await resolver.addresses(host)
    if (found.kind === 'failed') return failed(`${host}: ${found.why}`)
    const addresses = found.kind === 'found' ? found.value.filter(isConnectable) : []
    if (addresses.length === 0) return failed(`${host} has no address`)
    // Loaded by who needs it: it takes longer than the rest of a start.
    const https = await import('node:https')
    const signal = AbortSignal.timeout(timeoutMs)
    let last = failed(`${host} has no address`)
    for (const address of addresses.slice(0, 3)) {
      last = await new Promise<Fetched>((resolve) => {
        const request = https.request(
          {
            host: address,
            port,
            path,
            // Our agent is nobody's: no connection is kept to a host that is asked once a day.
            agent: false,
            servername: host,
            headers: { host: port === 443 ? host : `${host}:${port}`, accept: 'text/plain', 'user-agent': 'mailgw' },
            ...(ca === undefined ? {} : { ca: ca as string[] }),
            minVersion: 'TLSv1.2',
            rejectUnauthorized: true,
            family: isIP(address),
            signal,
          },
          (response) => read(response, resolve),
        )
        request.once('error', (error: NodeJS.ErrnoException) => resolve(failureOf(error, host, timeoutMs)))
        request.end()
      })
      if (last.kind === 'body' || signal.aborted) return last
    }
    return last
  }
}

function read(response: IncomingMessage, resolve: (fetched: Fetched) => void): void {
  const give = (fetched: Fetched) => {
    resolve(fetched)
    response.destroy()
  }
  const { statusCode = 0 } = response
  // A redirect is a failure, as is anything but 200 (RFC 8461 §3.3).
  if (statusCode !== 200) {
    give(failed(`expected 200 for ${path}, got ${statusCode}`))
    return
  }
  const type = (response.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
  if (type !== 'text/plain') {
    give(failed(`expected text/plain, got ${JSON.stringify(type.slice(0, 80))}`))
    return
  }
  const parts: Buffer[] = []
  let octets = 0
  response.on('data', (part: Buffer) => {
    octets += part.length
    if (octets > maxPolicyOctets) give(failed(`an answer of more than ${maxPolicyOctets} octets`))
    else parts.push(part)
  })
  response.once('end', () => resolve({ kind: 'body', body: Buffer.concat(parts).toString('utf8') }))
  response.once('error', (error) => resolve(failed(error.message)))
  response.once('close', () => resolve(failed('the answer was cut off')))
}

const failed = (why: string): Fetched => ({ kind: 'failed', of: 'fetch', why })

function failureOf(error: NodeJS.ErrnoException, host: string, timeoutMs: number): Fetched {
  const code = error.code ?? ''
  if (error.name === 'TimeoutError' || error.name === 'AbortError') {
    return failed(`${host}: no whole answer in ${timeoutMs} ms`)
  }
  const isCertificate = /CERT|SELF_SIGNED|UNABLE_TO_|INVALID_CA|ALTNAME/.test(code)
  return { kind: 'failed', of: isCertificate ? 'webpki' : 'fetch', why: `${host}: ${error.message || code}` }
}
