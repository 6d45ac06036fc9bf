import { decodeBase64 } from '../../mail/base64.ts'
import { ok, type Result, wrong } from '../../mail/result.ts'

/** The messages of a SCRAM client (RFC 5802 §7), read strictly: what is signed is these very octets. */

/** What the client says of channel binding. `tried`: it can, and believes that we cannot. */
export type Binding =
  | { readonly kind: 'none' }
  | { readonly kind: 'tried' }
  | { readonly kind: 'used'; readonly name: string }

export type ClientFirst = {
  /** With both of its commas; the final message repeats it in `c=`. */
  readonly gs2Header: string
  readonly binding: Binding
  /** Whom it wants to act as; `null`: itself. */
  readonly identity: string | null
  readonly login: string
  readonly nonce: string
  /** What follows the header: a part of what is signed. */
  readonly bare: string
}

export type ClientFinal = {
  readonly binding: Buffer
  readonly nonce: string
  readonly proof: Buffer
  /** All before `,p=`: a part of what is signed. */
  readonly withoutProof: string
}

const maxMessage = 2048
// cb-name of RFC 5056 §7; a value has no comma and no NUL.
const header = /^(n|y|p=([A-Za-z0-9.-]{1,64})),(?:a=([^,\0]{1,1024}))?,/
const nonceForm = /^[\x21-\x2b\x2d-\x7e]{1,512}$/
const extension = /^[A-Za-z]=[^,\0]+$/

/** `gs2-header n=login,r=nonce[,extensions]`. Extensions that are not mandatory are passed over (§5.1). */
export function parseClientFirst(message: string): Result<ClientFirst> {
  if (message.length > maxMessage) return wrong('the first message is too long')
  const found = header.exec(message)
  if (found === null) return wrong('the first message does not begin with a gs2 header')
  const [gs2Header, flag, name, authzid] = found as unknown as [string, string, string?, string?]
  const bare = message.slice(gs2Header.length)
  const [first = '', second = '', ...rest] = bare.split(',')
  if (first.startsWith('m=')) return wrong('a mandatory extension is not known here')
  const login = first.startsWith('n=') ? saslName(first.slice(2)) : null
  if (login === null) return wrong('the first message names no login')
  const nonce = second.startsWith('r=') ? second.slice(2) : ''
  if (!nonceForm.test(nonce)) return wrong('the first message has no nonce')
  if (!rest.every((one) => extension.test(one))) return wrong('the first message has more than extensions')
  const identity = authzid === undefined ? null : saslName(authzid)
  if (authzid !== undefined && identity === null) return wrong('the identity is not written as SCRAM wants it')
  const binding: Binding =
    name !== undefined ? { kind: 'used', name } : flag === 'y' ? { kind: 'tried' } : { kind: 'none' }
  return ok({ gs2Header, binding, identity, login, nonce, bare })
}

/** `c=binding,r=nonce[,extensions],p=proof`. */
export function parseClientFinal(message: string): Result<ClientFinal> {
  if (message.length > maxMessage) return wrong('the final message is too long')
  const at = message.lastIndexOf(',p=')
  if (at < 0) return wrong('the final message has no proof')
  const proof = decodeBase64(message.slice(at + 3))
  if (proof === null || proof.length !== 32) return wrong('the proof is no base64 of 32 octets')
  const withoutProof = message.slice(0, at)
  const [first = '', second = '', ...rest] = withoutProof.split(',')
  const binding = first.startsWith('c=') ? decodeBase64(first.slice(2)) : null
  if (binding === null || binding.length === 0) return wrong('the final message has no channel binding')
  const nonce = second.startsWith('r=') ? second.slice(2) : ''
  if (!nonceForm.test(nonce)) return wrong('the final message has no nonce')
  if (!rest.every((one) => extension.test(one))) return wrong('the final message has more than extensions')
  return ok({ binding, nonce, proof, withoutProof })
}

/** A name in which "," is `=2C` and "=" is `=3D`; any other "=" is an error (RFC 5802 §5.1). `null`: it is none. */
function saslName(text: string): string | null {
  if (text === '' || /=(?!2C|3D)/.test(text) || text.includes('\0')) return null
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=')
}
