import { constants, createHash, createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer as createClear, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecure } from 'node:https'
import { onTestFinished } from 'vitest'

/** An application or account that the provider knows. */
export type ProviderClient =
  | { readonly secret: string }
  /** PEM of the certificate that it signs with, found by its thumbprint. */
  | { readonly certificate: string }
  /** PEM of a public key, found by its id. */
  | { readonly publicKey: string; readonly keyId: string }

export type ProviderAnswer = {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export type IdentityProvider = {
  readonly tokenUrl: string
  /** All forms that were posted, in order. */
  readonly asked: ReadonlyMap<string, string>[]
  /** Clients by id; accounts by address. */
  readonly clients: Map<string, ProviderClient>
  /** Refresh tokens that are good for one exchange, each for the next one. */
  readonly refreshTokens: Set<string>
  /** How long tokens last that are given from now on. */
  expiresIn: number
  /** Milliseconds that its clock is before ours. */
  clockMs: number
  /** In place of an answer of its own. `null`: it is silent. */
  answer: ((form: ReadonlyMap<string, string>) => ProviderAnswer | null | undefined) | null
  /** Whose a token is, and until when (epoch ms by its own clock); `null`: it is no token, or not any more. */
  holderOf(token: string): string | null
  revoke(token: string): void
  readonly issued: string[]
}

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const part = (text: string | undefined) => JSON.parse(Buffer.from(text ?? '', 'base64url').toString())

/**
 * An identity provider on loopback that checks what it is shown: secrets, signatures with their times, refresh tokens that
 * are good once. It follows the RFCs and what Microsoft and Google document; none of our own code is in it.
 */
export async function startIdentityProvider(
  tls: { cert: string; key: string } | null = null,
): Promise<IdentityProvider> {
  const holders = new Map<string, { readonly holder: string; readonly until: number }>()
  const refuse = (error: string, error_description: string, status = 400): ProviderAnswer => ({
    status,
    body: { error, error_description },
  })

  function give(holder: string, more: object = {}): ProviderAnswer {
    // As long as those of Microsoft are.
    const token = `eyJ0eXAi.${provider.issued.length + 1}.${createHash('sha512').update(holder).digest('hex').repeat(12)}`
    provider.issued.push(token)
    holders.set(token, { holder, until: Date.now() + provider.expiresIn * 1000 })
    return { status: 200, body: { token_type: 'Bearer', expires_in: provider.expiresIn, access_token: token, ...more } }
  }

  function signed(jwt: string | undefined, keyOf: (header: Record<string, string>) => KeyObject | null) {
    const [header, payload, signature] = (jwt ?? '').split('.')
    const head = part(header)
    const key = keyOf(head)
    if (key === null || signature === undefined) return null
    const pss = head.alg === 'PS256' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {}
    const octets = Buffer.from(`${header}.${payload}`)
    const isGood = verify(
      'sha256',
      octets,
      { key, dsaEncoding: 'ieee-p1363', ...pss },
      Buffer.from(signature, 'base64url'),
    )
    return isGood ? (part(payload) as Record<string, string | number>) : null
  }
  const keyOf =
    (client: ProviderClient | undefined) =>
    (header: Record<string, string>): KeyObject | null => {
      if (client === undefined || 'secret' in client) return null
      if ('publicKey' in client) return header['kid'] === client.keyId ? createPublicKey(client.publicKey) : null
      const certificate = new X509Certificate(client.certificate)
      const thumbprint = createHash('sha256').update(certificate.raw).digest('base64url')
      return header['x5t#S256'] === thumbprint ? certificate.publicKey : null
    }
  const isInTime = (claims: Record<string, string | number>) => {
    const now = (Date.now() + provider.clockMs) / 1000
    return Number(claims['iat']) <= now + 5 && now < Number(claims['exp']) && claims['aud'] === provider.tokenUrl
  }

  function decide(form: ReadonlyMap<string, string>): ProviderAnswer {
    if (form.get('grant_type') === jwtBearer) {
      const issuer = part(form.get('assertion')?.split('.')[1])['iss'] as string
      const claims = signed(form.get('assertion'), keyOf(provider.clients.get(issuer)))
      if (claims === null) return refuse('invalid_grant', 'Invalid JWT Signature.')
      if (!isInTime(claims))
        return refuse(
          'invalid_grant',
          'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.',
        )
      return give(String(claims['sub'] ?? issuer))
    }
    const id = form.get('client_id') ?? ''
    const client = provider.clients.get(id)
    if (client !== undefined && 'secret' in client) {
      if (form.get('client_secret') !== client.secret) {
        return refuse(
          'invalid_client',
          `AADSTS7000215: Invalid client secret provided: ${form.get('client_secret')}. Trace ID: 1`,
          401,
        )
      }
    } else if (client !== undefined) {
      const claims = signed(form.get('client_assertion'), keyOf(client))
      if (claims === null || claims['iss'] !== id)
        return refuse(
          'invalid_client',
          'AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application.',
          401,
        )
      if (!isInTime(claims))
        return refuse('invalid_client', 'AADSTS700024: Client assertion is not within its valid time range.', 401)
    } else
      return refuse(
        'unauthorized_client',
        `AADSTS700016: Application with identifier '${id}' was not found in the directory.`,
      )
    if (form.get('grant_type') !== 'refresh_token') return give(id)
    const used = form.get('refresh_token') ?? ''
    if (!provider.refreshTokens.delete(used))
      return refuse('invalid_grant', 'AADSTS70008: The refresh token has expired due to inactivity.')
    const next = `refresh-${provider.issued.length + 1}-${createHash('sha256').update(used).digest('hex')}`
    provider.refreshTokens.add(next)
    return give(id, { refresh_token: next })
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of request) body += chunk
    const form = new Map(new URLSearchParams(body))
    provider.asked.push(form)
    const answer = provider.answer?.(form)
    if (answer === null) return
    const { status, body: said, headers } = answer ?? decide(form)
    const date = new Date(Date.now() + provider.clockMs).toUTCString()
    response.writeHead(status, { 'content-type': 'application/json', date, ...headers })
    response.end(typeof said === 'string' ? said : JSON.stringify(said))
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => void serve(request, response)
  const server =
    tls === null
      ? createClear(listener)
      : createSecure({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, listener)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', () => resolve()))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as { port: number }
  const provider: IdentityProvider = {
    tokenUrl: `${tls === null ? 'http' : 'https'}://127.0.0.1:${port}/tenant/oauth2/v2.0/token`,
    asked: [],
    clients: new Map(),
    refreshTokens: new Set(),
    expiresIn: 3599,
    clockMs: 0,
    answer: null,
    holderOf(token) {
      const held = holders.get(token)
      return held !== undefined && Date.now() < held.until ? held.holder : null
    },
    revoke: (token) => void holders.delete(token),
    issued: [],
  }
  return provider
}
