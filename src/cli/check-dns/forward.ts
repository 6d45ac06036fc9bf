import type { Answer } from '../../dns/answer.ts'
import type { CachingResolver } from '../../dns/resolver.ts'
import type { IpAddress } from '../../mail/ip.ts'

/** The addresses of a name, each family on its own: that one is known says nothing of the other. */
export type Forward = {
  readonly v4: Answer<readonly IpAddress[]>
  readonly v6: Answer<readonly IpAddress[]>
}

export async function askForward(resolver: Pick<CachingResolver, 'a' | 'aaaa'>, name: string): Promise<Forward> {
  const [v4, v6] = await Promise.all([resolver.a(name), resolver.aaaa(name)])
  return { v4, v6 }
}

/** Each name once. */
export async function askForwards(
  resolver: Pick<CachingResolver, 'a' | 'aaaa'>,
  names: Iterable<string>,
): Promise<ReadonlyMap<string, Forward>> {
  const asked = [...new Set(names)].map(async (name) => [name, await askForward(resolver, name)] as const)
  return new Map(await Promise.all(asked))
}

export const addressesOf = ({ v4, v6 }: Forward): readonly IpAddress[] =>
  [v4, v6].flatMap((answer) => (answer.kind === 'found' ? answer.value : []))

/** Why an address may be missing from `addressesOf`; `null`: it holds all of them. */
export function failureOf({ v4, v6 }: Forward): string | null {
  const failed = [v4, v6].find((answer) => answer.kind === 'failed')
  return failed?.kind === 'failed' ? failed.why : null
}

/** `null`: nobody could tell. */
export function leadsTo(forward: Forward, address: IpAddress): boolean | null {
  const answer = address.includes(':') ? forward.v6 : forward.v4
  if (answer.kind === 'failed') return null
  return answer.kind === 'found' && answer.value.includes(address)
}

/** For a line: what the name leads to, or why that is not known. */
export function forwardText(forward: Forward): string {
  const addresses = addressesOf(forward)
  if (addresses.length > 0) return addresses.join(', ')
  return failureOf(forward) ?? 'no address'
}
