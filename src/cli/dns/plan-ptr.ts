import { reverseName } from '../../dns/reverse-name.ts'
import type { Ours } from '../check-dns/ours.ts'
import { compareReverse, type Reverse } from '../check-dns/reverse.ts'
import { fqdn, type PlannedRecord } from './planned.ts'

/** The name of an address is its owner's to give: whoever rents it out has to be asked. */
export function planPtr(reverse: Reverse, { greetings }: Pick<Ours, 'greetings'>): PlannedRecord {
  const { address, names } = reverse
  const greeted = greetings.filter((one) => one.address === address).map(({ hostname }) => hostname.toLowerCase())
  const found = compareReverse(reverse, greeted)
  const bad = found.find(({ level }) => level !== 'ok')
  const published = names.kind === 'failed' ? null : names.kind === 'none' ? [] : names.value.map(fqdn)
  const [first] = greeted
  const base = { name: reverseName(address), type: 'PTR', published } as const
  const wanted = first === undefined ? [] : [fqdn(first)]
  if (bad === undefined) return { ...base, state: 'published', wanted: published ?? [], why: address }
  if (bad.level === 'cannot tell') return { ...base, state: 'cannot tell', wanted, why: `${address}: ${bad.came}` }
  return { ...base, state: 'ask', wanted, why: `${address} has ${bad.came}` }
}
