import type { Status } from '../admin/operations.ts'
import type { Live } from './live.ts'

export type Summary = {
  readonly graph: string
  readonly hostname: string
  readonly listeners: readonly { readonly name: string; readonly addresses: readonly string[] }[]
  /** How much the document holds, in words. */
  readonly holds: string
  /** A command line that sends a first message. */
  readonly tryIt: string
}

export function summaryOf({ hash, control, holds }: Live, { listeners }: Status): Summary {
  const [first] = listeners
  const to = control.postmaster
  return {
    graph: hash,
    hostname: control.hostname,
    listeners: listeners.map(({ name, addresses }) => ({ name, addresses })),
    holds,
    tryIt: `swaks --server ${first?.addresses[0] ?? ''} --to ${to}`,
  }
}
