import type { IpAddress } from '../mail/ip.ts'
import type { CredentialSettings, ListenerSettings, Mechanism } from '../mail/settings.ts'

/** On which line somebody logs in. */
export type LoginContext = {
  readonly client: IpAddress
  readonly listener: string
  readonly tls: boolean
  /** The octets of `tls-exporter` (RFC 9266), which both ends of one TLS 1.3 connection know and nobody between them; `null`: none. */
  readonly channelBinding: (() => Buffer | null) | null
}

/** What a back-end says of somebody. "Could not find out" is its own outcome: it is answered 454, never 535. */
export type Checked =
  | {
      readonly kind: 'accepted'
      /** As the back-end writes it, which may not be as it was typed. */
      readonly login: string
      /** Addresses that it may send as, beside its own. */
      readonly addresses: readonly string[]
    }
  | { readonly kind: 'refused' }
  /** `why` is for the log, and holds no secret. */
  | { readonly kind: 'error'; readonly why: string }

/** Whoever is not of this back-end is asked of the next one. */
export type Unknown = { readonly kind: 'unknown' }

/** What a server keeps of a password for SCRAM (RFC 5802 §3): enough to check a proof, not to make one. */
export type ScramKeys = {
  readonly login: string
  readonly addresses: readonly string[]
  readonly iterations: number
  readonly salt: Buffer
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

/** How its keys look: those made up for unknown logins must look the same. */
export type ScramForm = { readonly iterations: number; readonly saltBytes: number }

/** A password that can be read again, as CRAM-MD5 needs it. */
export type PlainSecret = { readonly login: string; readonly addresses: readonly string[]; readonly secret: string }

/** One source of logins. `scram`, `scramForm` and `plainSecret` reject with the reason when they cannot find out. */
export type Backend = {
  readonly id: string
  checkPassword(login: string, password: string, context: LoginContext): Promise<Checked | Unknown>
  /** Stored keys, where it has them; `null`: the login is unknown here, or has none. */
  scram?(login: string): Promise<ScramKeys | null>
  /** The form of most of its keys; `null` when it has none. */
  scramForm?(): Promise<ScramForm | null>
  checkToken?(token: string, loginHint: string | null, context: LoginContext): Promise<Checked | Unknown>
  /** `null`: the login is unknown here, or its password is kept as a hash alone. */
  plainSecret?(login: string): Promise<PlainSecret | null>
  close(): Promise<void>
}

/** `known: false`: the keys are made up (`sasl/decoy.ts`), and the exchange goes on to its end to refuse then. */
export type ScramFound =
  | { readonly kind: 'keys'; readonly keys: ScramKeys; readonly known: boolean }
  | { readonly kind: 'error'; readonly why: string }

/** `secret: null`: nobody has this login; the exchange goes on to its end to refuse then. */
export type SecretFound =
  | { readonly kind: 'secret'; readonly secret: PlainSecret | null }
  | { readonly kind: 'error'; readonly why: string }

/** Who somebody is, over all back-ends in their order. No method rejects. An apply replaces what it knows in place. */
export type Authenticator = {
  /** What can be used on such a line of this listener, in the listener's order: nothing for which no back-end is there. */
  mechanisms(tls: boolean, listener: ListenerSettings): readonly Mechanism[]
  /** Takes as long for an unknown login as for a wrong password. */
  checkPassword(login: string, password: string, context: LoginContext): Promise<Checked>
  scram(login: string, context: LoginContext): Promise<ScramFound>
  checkToken(token: string, loginHint: string | null, context: LoginContext): Promise<Checked>
  plainSecret(login: string, context: LoginContext): Promise<SecretFound>
  /** Addresses that whoever logged in lately may send as, beside its own. */
  addressesOf(login: string): readonly string[]
  replace(settings: readonly CredentialSettings[], secrets: ReadonlyMap<string, string>): void
  close(): Promise<void>
}
