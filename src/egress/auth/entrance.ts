import type { NextHop } from '../../mail/next-hop.ts'
import { type PasswordLogin, type TokenLogin, tokenMechanisms, usualMechanisms } from '../../mail/relay-login.ts'
import type { Reply } from '../../mail/reply.ts'
import type { SecretRef } from '../../mail/settings.ts'
import type { Tokens } from '../oauth/tokens.ts'
import { type Credentials, NoCredentials } from './credentials.ts'

/** What the hosts of a next hop want of us before mail. */
export type Entrance = {
  readonly credentials: Credentials | null
  /** TLS from the first octet on (RFC 8314). */
  readonly implicitTls: boolean
}

export type EntranceParts = {
  readonly secrets: (reference: SecretRef) => Promise<string>
  /** Absent: nobody fetches tokens here, and relays that want one get no mail. */
  readonly tokens?: Tokens
}

const open: Entrance = { credentials: null, implicitTls: false }

/** @throws NoCredentials when there is no token now; Error when a secret is not there */
export async function entranceOf(nextHop: NextHop, parts: EntranceParts): Promise<Entrance> {
  if (nextHop.kind !== 'relay') return open
  const { auth, implicitTls = false } = nextHop.relay
  if (auth === null) return implicitTls ? { credentials: null, implicitTls } : open
  const credentials = 'oauth' in auth ? await byToken(auth, parts) : await byPassword(auth, parts)
  return { credentials, implicitTls }
}

async function byPassword({ user, pass, mechanisms }: PasswordLogin, { secrets }: EntranceParts): Promise<Credentials> {
  return { kind: 'password', user, pass: await secrets(pass), mechanisms: mechanisms ?? usualMechanisms }
}

async function byToken({ user, oauth }: TokenLogin, { tokens }: EntranceParts): Promise<Credentials> {
  if (tokens === undefined) throw new NoCredentials('4.7.0', 'nobody fetches tokens here')
  return { kind: 'token', user, token: await tokens.token(oauth), mechanisms: tokenMechanisms }
}

/**
 * After a host refused us: what to come with once more at once, or `null`. A token may have been revoked or have run out
 * earlier than it said, which nothing but a refusal tells; a password is the same the second time.
 */
export async function renewedEntrance(
  nextHop: NextHop,
  refusal: Reply | null,
  { credentials }: Entrance,
  parts: EntranceParts,
): Promise<Entrance | null> {
  if (credentials?.kind !== 'token' || refusal?.code !== 535) return null
  if (nextHop.kind !== 'relay' || nextHop.relay.auth === null || !('oauth' in nextHop.relay.auth)) return null
  const { auth, name } = nextHop.relay
  if (parts.tokens?.refused(name, auth.oauth, credentials.token) !== true) return null
  // Without a new token the host's own words are the better reason.
  const renewed = await entranceOf(nextHop, parts).catch(() => null)
  const isNew = renewed?.credentials?.kind === 'token' && renewed.credentials.token !== credentials.token
  return isNew ? renewed : null
}

/** A host took us. */
export function entered(nextHop: NextHop, { credentials }: Entrance, { tokens }: EntranceParts): void {
  if (credentials?.kind !== 'token' || nextHop.kind !== 'relay') return
  const { auth, name } = nextHop.relay
  if (auth !== null && 'oauth' in auth) tokens?.accepted(name, auth.oauth)
}
