import type { Duration, List, Many, Rows, Secret } from './define.ts'

/** The line and logins, as a person writes them in a document: types alone (see `define.ts`). */

export type ListenerTlsMode = 'offered' | 'required' | 'implicit'

export type ListenerTls<Certificates extends string = string> =
  | 'off'
  | ListenerTlsMode
  | {
      readonly mode: ListenerTlsMode
      readonly certificates?: Many<Certificates>
      readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
      readonly ciphers?: string
      readonly clientCa?: string
    }

export type Mechanism = 'PLAIN' | 'LOGIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-256-PLUS' | 'OAUTHBEARER' | 'XOAUTH2'

export type ListenerLogin =
  | 'off'
  | 'offered'
  | 'required'
  | {
      readonly required?: boolean
      readonly mechanisms?: readonly Mechanism[]
      /** Mechanisms for which a password has to be kept in a form that can be read again. */
      readonly legacy?: readonly 'CRAM-MD5'[]
      readonly clearTextFrom?: List
    }

/** What a listener may have beside its sockets. */
export type Line<Certificates extends string = string> = {
  readonly tls?: ListenerTls<Certificates>
  readonly login?: ListenerLogin
  readonly allowFrom?: List
  readonly proxy?: { readonly from: List; readonly timeout?: Duration }
  readonly xclient?: List
  readonly greeting?: string | { readonly text: string; readonly environment?: Many<string> }
  readonly greetingDelay?: Duration
  readonly earlyTalkers?: 'refuse' | 'observe'
  readonly addresses?: 'strict' | 'loose'
  readonly lineEndings?: 'strict' | 'mend'
  readonly vrfy?: List
  readonly time?: boolean
  readonly helo?: 'accept' | 'refuse'
}

/** Absolute paths of PEM files on the gateway. */
export type Certificate = { readonly cert: string; readonly key: string }

/** A hash as `mailgw passwd` prints it, or with more. */
export type User = string | { readonly hash?: string; readonly cram?: string; readonly addresses?: List }

/** One of `users`, `file`, `ldap`, `radius`, `http`, `exec` and `oauth`. */
export type Credential = {
  readonly id: string
  readonly timeout?: Duration
  readonly onError?: 'defer' | 'next'
  readonly cache?: 'off' | Duration
  readonly users?: Rows<User>
  readonly file?: string
  /** Beside `users` and `file`: with what the passwords of CRAM-MD5 are encrypted. */
  readonly cramKey?: Secret
  readonly ldap?: Ldap
  readonly radius?: {
    readonly servers: Many<string>
    readonly secret: Secret
    readonly nasIdentifier?: string
    readonly attempts?: number
  }
  readonly http?: {
    readonly url: string
    readonly header?: { readonly name: string; readonly value: Secret }
    readonly ca?: string
  }
  readonly exec?: Many<string>
  readonly oauth?: Oauth
}

/** `dn`, or `search`. */
export type Ldap = {
  readonly urls: Many<string>
  readonly startTls?: boolean
  readonly ca?: string
  readonly dn?: string
  readonly search?: {
    readonly base: string
    readonly filter: string
    readonly scope?: 'base' | 'one' | 'sub'
    readonly bind?: { readonly dn: string; readonly password: Secret }
  }
  readonly addresses?: string
  readonly connections?: number
}

/** `introspection`, or `jwks`. */
export type Oauth = {
  readonly introspection?: {
    readonly url: string
    readonly client?: { readonly id: string; readonly secret: Secret }
  }
  readonly jwks?: { readonly url: string; readonly algorithms?: Many<string> }
  readonly issuer?: string
  readonly audience?: Many<string>
  readonly scopes?: Many<string>
  readonly claim?: string
  readonly addressesClaim?: string
  readonly skew?: Duration
  readonly ca?: string
}

export type Bans = {
  readonly failures?: 'off' | number
  readonly unknownRecipients?: 'off' | number
  readonly protocolErrors?: 'off' | number
  readonly httpRequests?: 'off' | number
  readonly window?: Duration
  readonly for?: Duration
  readonly max?: Duration
  readonly except?: List
  readonly delay?: 'off' | { readonly first?: Duration; readonly max?: Duration }
  readonly lockOut?: 'off' | { readonly failures?: number; readonly window?: Duration; readonly for?: Duration }
}
