import type { Duration, Many, Secret } from './define.ts'

/** How a recipient is found out about, as a person writes it: types alone (see `define.ts`). One of the three kinds. */
export type RecipientCheck = {
  readonly ldap?: {
    readonly urls: Many<string>
    readonly startTls?: boolean
    readonly ca?: string
    readonly base: string
    readonly filter: string
    readonly scope?: 'base' | 'one' | 'sub'
    readonly bind?: { readonly dn: string; readonly password: Secret }
    readonly connections?: number
  }
  readonly http?: {
    readonly url: string
    readonly header?: { readonly name: string; readonly value: Secret }
    readonly ca?: string
  }
  readonly callout?: true | { readonly perMinute?: number }
  readonly onError: 'accept' | 'defer'
  readonly timeout?: Duration
  readonly cache?: {
    readonly positive?: Duration
    readonly negative?: Duration
    readonly stale?: Duration
    readonly entries?: number
  }
}
