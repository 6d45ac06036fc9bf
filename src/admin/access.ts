import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { type AdminSettings, adminScopes } from '../mail/settings.ts'
import type { Scope } from './protocol.ts'

/** Who calls, as the gateway knows it; `local` may do what has no scope too (apply at once, stop). */
export type Identity = { readonly actor: string; readonly scopes: ReadonlySet<Scope | 'local'> }

/** Whoever may open the unix socket is who runs the gateway, or root. */
export const localIdentity = (uid: number): Identity => ({
  actor: `local:${uid}`,
  scopes: new Set([...adminScopes, 'local'] as const),
})

/** What a remote caller shows: `authorization` as it came, and the subject of a certificate that the client CA signed. */
export type Credentials = { readonly authorization: string | null; readonly subject: string | null }

export type Recognized =
  | { readonly ok: true; readonly identity: Identity }
  | { readonly ok: false; readonly why: string }

/** A token wins over a certificate: who shows one wants to be that one. */
export function recognize(settings: AdminSettings, { authorization, subject }: Credentials): Recognized {
  if (authorization !== null) {
    const [, token] = /^Bearer +(\S{1,200})$/i.exec(authorization) ?? []
    if (token === undefined) return { ok: false, why: 'not a bearer token' }
    const digest = createHash('sha256').update(token).digest()
    let found: AdminSettings['tokens'][number] | null = null
    // All of them, in constant time each: neither the time nor the order says how near a guess was.
    for (const known of settings.tokens) {
      if (timingSafeEqual(Buffer.from(known.sha256, 'hex'), digest)) found = known
    }
    if (found === null) return { ok: false, why: 'the token is not known' }
    return { ok: true, identity: { actor: `token:${found.name}`, scopes: new Set(found.scopes) } }
  }
  if (subject === null) return { ok: false, why: 'neither a token nor a certificate' }
  const known = settings.certificates.find((certificate) => certificate.subject === subject)
  if (known === undefined) return { ok: false, why: `the certificate of ${subject} has no scopes` }
  return { ok: true, identity: { actor: `certificate:${subject}`, scopes: new Set(known.scopes) } }
}

/**
 * A subject as documents write it: attributes in the order of the certificate, divided by commas, escaped as in RFC 4514.
 * Node gives one attribute a line, already escaped, so that no value can pass for two attributes.
 */
export const subjectText = (lines: string): string => lines.split('\n').join(',')

export type NewToken = { readonly token: string; readonly sha256: string }

/** 256 random bits: nothing that is guessed, so that a plain SHA-256 keeps it (no dictionary holds it). */
export function newToken(): NewToken {
  const token = `mgw_${randomBytes(32).toString('base64url')}`
  return { token, sha256: createHash('sha256').update(token).digest('hex') }
}
