import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto'
import { decodeBase64 } from '../../mail/base64.ts'
import { prepare } from '../../mail/sasl-prep.ts'
import { type ClientExchange, type ClientStep, say, stop } from './exchange.ts'

export type ScramOptions = {
  readonly user: string
  readonly pass: string
  readonly hash: 'sha1' | 'sha256'
  readonly binding: ScramBinding
  readonly random: (bytes: number) => Buffer
}

/**
 * none   this side cannot bind, or may not
 * tried  it could, and the host did not offer it: a host that did will notice that somebody took it out (RFC 5802 §6)
 * used   -PLUS: the octets of `tls-exporter` (RFC 9266)
 */
export type ScramBinding =
  | { readonly kind: 'none' }
  | { readonly kind: 'tried' }
  | { readonly kind: 'used'; readonly octets: Buffer }

/** Below, a proof that somebody overheard is guessed too cheaply (RFC 7677 §4). Above, the host would let us work for nothing. */
const leastIterations = 4096
const mostIterations = 1_000_000
const maxMessage = 4096

const gs2Flag = { none: 'n', tried: 'y', used: 'p=tls-exporter' } as const
// The whole of it is signed, so anything printable may follow; of extensions only the mandatory one matters.
const serverFirst = /^r=([!-+\--~]{1,1024}),s=([A-Za-z0-9+/=]{1,1024}),i=([1-9]\d{0,9})(?:,[\x20-\x7e]*)?$/

/**
 * SCRAM (RFC 5802, RFC 7677): the host learns nothing that it could log in with elsewhere, and has to show in turn that it
 * knows the password. Without that its 235 counts for nothing: who has no idea of the password would say it too.
 */
export function scram({ user, pass, hash, binding, random }: ScramOptions): ClientExchange {
  const header = `${gs2Flag[binding.kind]},,`
  const nonce = random(18).toString('base64')
  // A password that SASLprep does not allow is used as it is: so do servers whose files were made that way.
  const name = (prepare(user) ?? user).replaceAll('=', '=3D').replaceAll(',', '=2C')
  const bare = `n=${name},r=${nonce}`
  const hmac = (key: Buffer, text: string): Buffer => createHmac(hash, key).update(text, 'utf8').digest()
  let expected: Buffer | null = null
  let proved = false
  let told: string | null = null

  async function prove(challenge: string): Promise<ClientStep> {
    const found = serverFirst.exec(challenge)
    const salt = found === null ? null : decodeBase64(found[2]!)
    if (found === null || salt === null || challenge.startsWith('m=')) return stop('its first message of SCRAM is none')
    const [, both, , count] = found as unknown as [string, string, string, string]
    // A nonce that is not ours and more: an answer to somebody else, replayed.
    if (!both.startsWith(nonce) || both.length === nonce.length) return stop('its nonce of SCRAM is not ours')
    const iterations = Number(count)
    if (iterations < leastIterations || iterations > mostIterations) {
      return stop(`it wants ${iterations} iterations of SCRAM; from ${leastIterations} to ${mostIterations} are done`)
    }
    const salted = await stretched(prepare(pass) ?? pass, salt, iterations, hash)
    const octets = binding.kind === 'used' ? binding.octets : Buffer.alloc(0)
    const bound = Buffer.concat([Buffer.from(header, 'latin1'), octets]).toString('base64')
    const withoutProof = `c=${bound},r=${both}`
    const signed = `${bare},${challenge},${withoutProof}`
    const clientKey = hmac(salted, 'Client Key')
    const signature = hmac(createHash(hash).update(clientKey).digest(), signed)
    expected = hmac(hmac(salted, 'Server Key'), signed)
    const proof = Buffer.from(clientKey.map((octet, at) => octet ^ signature[at]!))
    return say(`${withoutProof},p=${proof.toString('base64')}`)
  }

  function judge(challenge: string, wanted: Buffer): ClientStep {
    const error = /^e=([\x21-\x2b\x2d-\x7e]{1,100})/.exec(challenge)
    if (error !== null) {
      told = error[1]!
      return say('')
    }
    const verifier = /^v=([^,]+)/.exec(challenge)?.[1]
    const shown = verifier === undefined ? null : decodeBase64(verifier)
    if (shown === null || shown.length !== wanted.length || !timingSafeEqual(shown, wanted)) {
      return stop('it did not show that it knows the password')
    }
    proved = true
    return say('')
  }

  return {
    initial: header + bare,
    answer(challenge) {
      if (challenge.length > maxMessage) return stop('its message of SCRAM is too long')
      if (expected === null) return prove(challenge)
      return proved || told !== null ? stop('it says more than SCRAM has') : judge(challenge, expected)
    },
    unproved: () => (proved ? null : 'it did not show that it knows the password'),
    told: () => told,
  }
}

function stretched(pass: string, salt: Buffer, iterations: number, hash: 'sha1' | 'sha256'): Promise<Buffer> {
  const octets = hash === 'sha1' ? 20 : 32
  return new Promise((resolve, reject) => {
    pbkdf2(pass, salt, iterations, octets, hash, (error, key) => (error === null ? resolve(key) : reject(error)))
  })
}
