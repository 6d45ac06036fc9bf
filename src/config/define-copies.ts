import type { Duration, List, Rows, Secret, Size, TableRef } from './define.ts'

/** Addresses and copies of mail on its way, as a person writes them in a document: types alone (see `define.ts`). */

/** A mailbox, or a domain: then the local part stays. */
type Rewritten = Rows<string> | TableRef

export type Rewrite = {
  readonly senders?: Rewritten
  readonly recipients?: Rewritten
  readonly addresses?: Rewritten
  readonly except?: List
  readonly header?: 'on' | 'off'
}

/** What may stand in a relay and a destination about the content. */
export type NextHopContent = {
  readonly rewrite?: Rewrite
  readonly conversion?: 'convert' | 'refuse'
}

export type Srs = {
  readonly domain: string
  /** Of several the first signs, and all are believed. */
  readonly secret: Secret | readonly Secret[]
  readonly validFor?: Duration
  readonly of?: 'forwarded' | 'leaving'
}

export type Journal = {
  readonly to: string
  readonly form?: 'report' | 'message'
  readonly match?: {
    readonly senders?: List
    readonly recipients?: List
    readonly direction?: 'in' | 'out' | 'internal'
  }
}

export type ArchiveFolder = { readonly dir: string; readonly keep?: Duration; readonly maxSize?: Size }
export type Archive = { readonly sent?: ArchiveFolder; readonly failed?: ArchiveFolder }
