import type { Many } from './define.ts'

/** TLS towards other hosts, as a person writes it in a document: types alone (see `define.ts`). */

export type TlsPolicy = {
  readonly dane?: 'on' | 'off'
  readonly mtaSts?: 'on' | 'off' | { readonly port?: number }
  readonly except?: Many<string>
  readonly ca?: string
}

/** Reports on TLS to the owners of the domains that mail went to. */
export type TlsReports = 'off' | { readonly from?: string; readonly contact?: string; readonly organization?: string }
