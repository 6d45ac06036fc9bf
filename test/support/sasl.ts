import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

/** The client's side of login mechanisms, written from the RFCs and apart from our own server's code. */

const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64')
const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

export const plainResponse = (login: string, password: string, identity = ''): string =>
  base64(`${identity}\0${login}\0${password}`)

export const oauthBearerResponse = (token: string, login: string | null): string =>
  base64(`n,${login === null ? '' : `a=${login}`},\x01host=mx.test\x01port=587\x01auth=Bearer ${token}\x01\x01`)

export const xoauth2Response = (token: string, login: string): string =>
  base64(`user=${login}\x01auth=Bearer ${token}\x01\x01`)

export const cramMd5Response = (challenge: string, login: string, password: string): string =>
  base64(`${login} ${createHmac('md5', password).update(Buffer.from(challenge, 'base64')).digest('hex')}`)

export type ScramClient = {
  readonly first: string
  /** After the server's first message, in clear text. */
  final(serverFirst: string): string
  /** What the server has to show at the end. */
  verifier(): string
}

export type ScramClientOptions = {
  readonly login: string
  readonly password: string
  /** `n` cannot bind, `y` believes that the server cannot, `p=tls-exporter` binds. */
  readonly flag?: string
  readonly binding?: Buffer
  readonly identity?: string
  readonly nonce?: string
}

/** SCRAM-SHA-256 of RFC 5802 and RFC 7677; messages in clear text. */
export function scramClient(options: ScramClientOptions): ScramClient {
  const { login, password, flag = 'n', binding = Buffer.alloc(0), identity } = options
  const nonce = options.nonce ?? randomBytes(18).toString('base64')
  const header = `${flag},${identity === undefined ? '' : `a=${identity}`},`
  const bare = `n=${login.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`
  let verifier = ''
  return {
    first: header + bare,
    final(serverFirst) {
      const found = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(serverFirst)
      if (found === null || !found[1]!.startsWith(nonce)) throw new Error(`what is ${serverFirst}?`)
      const salted = pbkdf2Sync(password, Buffer.from(found[2]!, 'base64'), Number(found[3]), 32, 'sha256')
      const bound = base64(Buffer.concat([Buffer.from(header), binding]))
      const withoutProof = `c=${bound},r=${found[1]}`
      const signed = `${bare},${serverFirst},${withoutProof}`
      const clientKey = hmac(salted, 'Client Key')
      const signature = hmac(createHash('sha256').update(clientKey).digest(), signed)
      verifier = `v=${base64(hmac(hmac(salted, 'Server Key'), signed))}`
      return `${withoutProof},p=${base64(Buffer.from(clientKey.map((octet, at) => octet ^ signature[at]!)))}`
    },
    verifier: () => verifier,
  }
}
