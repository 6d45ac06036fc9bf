import { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import { daneMismatch } from './dane-match.ts'
import type { Proof, TlsFailure } from './policy.ts'

/** Certificates of one chain that are looked at. */
const maxChain = 10

/** Holds the certificate of a connection that has just become TLS against `proof`. `null`: it passed. */
export function failureOf(socket: TLSSocket, proof: Proof, now: number): TlsFailure | null {
  if (proof.kind === 'dane') {
    try {
      return daneMismatch(chainOf(socket), proof.records, proof.names, now)
    } catch (error) {
      // Whoever we talk to has made the certificate: a key of a kind that OpenSSL cannot write down is one that matches nothing.
      return { type: 'validation-failure', detail: `the certificate cannot be read: ${(error as Error).message}` }
    }
  }
  if (socket.authorized) return null
  const error: unknown = socket.authorizationError
  return pkixFailure(error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error))
}

/** @param code of OpenSSL, as Node names it */
export function pkixFailure(code: string): TlsFailure {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return { type: 'certificate-host-mismatch', detail: 'the certificate is for another name' }
  }
  if (code === 'CERT_HAS_EXPIRED') return { type: 'certificate-expired', detail: 'the certificate has expired' }
  if (code === 'CERT_NOT_YET_VALID') {
    return { type: 'certificate-expired', detail: 'the certificate is not valid yet' }
  }
  const words = untrusted.get(code)
  if (words !== undefined) return { type: 'certificate-not-trusted', detail: words }
  return { type: 'validation-failure', detail: `the certificate cannot be verified (${code})` }
}

const untrusted = new Map([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'a self-signed certificate'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'a self-signed certificate in the chain, of an authority that is not trusted'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'the issuer of the certificate is not known'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'the issuer of the certificate is not known'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'the chain of the certificate is not complete, or its issuer is not known'],
  ['CERT_UNTRUSTED', 'the authority of the certificate is not trusted'],
  ['CERT_REJECTED', 'the authority of the certificate is not meant for this'],
  ['INVALID_CA', 'what has signed the certificate is no authority'],
])

/** What the host sent, its own certificate first. Node links each to its issuer, a root to itself. */
function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = []
  const seen = new Set<DetailedPeerCertificate>()
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  while (next?.raw !== undefined && !seen.has(next) && chain.length < maxChain) {
    seen.add(next)
    chain.push(new X509Certificate(next.raw))
    next = next.issuerCertificate
  }
  return chain
}
