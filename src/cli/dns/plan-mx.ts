import type { Document } from '../../config/document.ts'
import type { Answer } from '../../dns/answer.ts'
import type { IpAddress } from '../../mail/ip.ts'
import type { Forward } from '../check-dns/forward.ts'
import { compareMx, type MxAsked } from '../check-dns/mx.ts'
import type { Ours } from '../check-dns/ours.ts'
import { ownSockets } from '../check-dns/own-sockets.ts'
import { fqdn, type PlannedRecord } from './planned.ts'

/** The names that take mail of others: those of listeners of kind `mx`; without any, the gateway's. */
export function receivingNames(document: Pick<Document, 'hostname' | 'listeners'>): readonly string[] {
  const listeners = document.listeners.filter(({ kind }) => kind === 'mx')
  // What the internet does not reach is behind an address translation, or is none of them.
  const reached = new Set(ownSockets({ listeners }).flatMap((one) => (one.kind === 'inside' ? [] : [one.hostname])))
  const names = reached.size > 0 ? [...reached] : listeners.map(({ hostname }) => hostname)
  return [...new Set((names.length > 0 ? names : [document.hostname]).map((name) => name.toLowerCase()))]
}

/** MX that lead to us. One that does, beside others, is somebody's choice, and stays. */
export function planMx(asked: MxAsked, names: readonly string[], ours: Ours): PlannedRecord {
  const { level, came } = compareMx(asked, ours)
  const { records, domain } = asked
  const wanted = names.map((name) => `10 ${fqdn(name)}`)
  const published =
    records.kind === 'failed'
      ? null
      : records.kind === 'none'
        ? []
        : records.value.map(({ preference, exchange }) => `${preference} ${fqdn(exchange)}`)
  const base = { name: domain, type: 'MX', published, why: came } as const
  if (level === 'cannot tell') return { ...base, state: 'cannot tell', wanted }
  if (level === 'ok') return { ...base, state: 'published', wanted: published ?? [] }
  return { ...base, state: (published ?? []).length > 0 ? 'change' : 'add', wanted }
}

/** The addresses of a name that we greet with, each family for itself. */
export function planAddresses(
  name: string,
  { v4, v6 }: Forward,
  { greetings }: Pick<Ours, 'greetings'>,
): readonly PlannedRecord[] {
  const at = greetings.filter(({ hostname }) => hostname === name).map(({ address }) => address)
  const isSix = (address: IpAddress) => address.includes(':')
  const families = [
    { type: 'A', answer: v4, wanted: at.filter((address) => !isSix(address)) },
    { type: 'AAAA', answer: v6, wanted: at.filter(isSix) },
  ] as const
  return families.filter(({ wanted }) => wanted.length > 0).map((family) => planFamily(name, family))
}

type Family = {
  readonly type: 'A' | 'AAAA'
  readonly answer: Answer<readonly IpAddress[]>
  readonly wanted: readonly IpAddress[]
}

function planFamily(name: string, { type, answer, wanted }: Family): PlannedRecord {
  const base = { name, type, wanted } as const
  if (answer.kind === 'failed') return { ...base, published: null, state: 'cannot tell', why: answer.why }
  const published = answer.kind === 'found' ? answer.value : []
  const missing = wanted.filter((address) => !published.includes(address))
  const why = 'said in greetings and EHLO'
  if (missing.length === 0) return { ...base, published, state: 'published', why }
  const state = published.length === 0 ? 'add' : 'change'
  return { ...base, published, state, why: `${why} at ${missing.join(', ')}` }
}
