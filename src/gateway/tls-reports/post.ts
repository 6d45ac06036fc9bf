import { isIP } from 'node:net'
import type { Resolver } from '../../dns/answer.ts'
import { isConnectable } from '../../dns/special-addresses.ts'
import type { IpAddress } from '../../mail/ip.ts'
import { parseIp } from '../../mail/ip.ts'

export type PostOptions = {
  readonly resolver: Pick<Resolver, 'addresses'>
  /** Why the document forbids this address, or `null`: whoever asks for reports chooses where they go. */
  readonly denied: (address: IpAddress) => string | null
  /** Authorities, PEM; absent: those of Node. */
  readonly ca?: string | readonly string[]
}

const timeoutMs = 30_000

/** Posts a report (RFC 8460 §5.4). `null` when it was taken, otherwise why not. No redirect is followed, no answer is read. */
export async function postReport(url: URL, gzip: Buffer, options: PostOptions): Promise<string | null> {
  const { resolver, denied, ca } = options
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const literal = parseIp(host)
  const found = literal.ok
    ? { kind: 'found' as const, value: [literal.value] }
    : await resolver.addresses(host.replace(/\.$/, ''))
  if (found.kind === 'failed') return `${host}: ${found.why}`
  const [address] = found.kind === 'found' ? found.value.filter(isConnectable) : []
  if (address === undefined) return `${host} has no address`
  const refusal = denied(address)
  if (refusal !== null) return `${host}: ${refusal}`
  const https = await import('node:https')
  return await new Promise((resolve) => {
    const request = https.request(
      {
        method: 'POST',
        host: address,
        family: isIP(address),
        port: url.port === '' ? 443 : Number(url.port),
        path: `${url.pathname}${url.search}`,
        agent: false,
        ...(isIP(host) === 0 ? { servername: host } : {}),
        headers: {
          host: url.host,
          'content-type': 'application/tlsrpt+gzip',
          'content-length': String(gzip.length),
          'user-agent': 'mailgw',
        },
        ...(ca === undefined ? {} : { ca: ca as string[] }),
        minVersion: 'TLSv1.2',
        signal: AbortSignal.timeout(timeoutMs),
      },
      (response) => {
        const { statusCode = 0 } = response
        resolve(statusCode >= 200 && statusCode < 300 ? null : `${url.host} answered ${statusCode}`)
        response.destroy()
      },
    )
    request.once('error', (error: NodeJS.ErrnoException) => resolve(`${url.host}: ${error.message || error.code}`))
    request.end(gzip)
  })
}
