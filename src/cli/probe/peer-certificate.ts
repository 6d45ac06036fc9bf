import type { PeerCertificate, TLSSocket } from 'node:tls'
import { pkixFailure } from '../../egress/tls-policy/peer-check.ts'

/** What a host showed of itself in a handshake. */
export type PeerView = {
  readonly protocol: string
  readonly cipher: string
  /** Subject and issuer as `CN=..., O=...`. */
  readonly subject: string
  readonly issuer: string
  readonly names: readonly string[]
  readonly validFrom: string
  readonly validTo: string
  /** SHA-256, as `clients.NAME.certificates` has it. */
  readonly fingerprint: string
  /** `null`: it was verified. */
  readonly problem: string | null
}

export function peerView(socket: TLSSocket): PeerView {
  const certificate: Partial<PeerCertificate> = socket.getPeerCertificate()
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().name,
    subject: nameText(certificate.subject),
    issuer: nameText(certificate.issuer),
    names: (certificate.subjectaltname ?? '')
      .split(', ')
      .flatMap((name) => (name === '' ? [] : [name.replace(/^\w+( Address)?:/, '')])),
    validFrom: timeText(certificate.valid_from),
    validTo: timeText(certificate.valid_to),
    fingerprint: `sha256:${(certificate.fingerprint256 ?? '').replaceAll(':', '').toLowerCase()}`,
    problem: problemOf(socket),
  }
}

function problemOf(socket: TLSSocket): string | null {
  if (socket.authorized) return null
  const error: unknown = socket.authorizationError
  return pkixFailure(error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error))
    .detail
}

/** A name comes as an object whose values may be lists; it is only ever shown. */
function nameText(name: object | undefined): string {
  return Object.entries(name ?? {})
    .map(([key, value]) => `${key}=${[value].flat().join('+')}`)
    .join(', ')
}

const timeText = (text: string | undefined): string => {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? 'unknown' : new Date(time).toISOString()
}
