import { ok, type Result, wrong } from '../../mail/result.ts'

/** Gateways that are activated together. Waves come one after the other, each only when the one before was good. */
export type Wave<Member> = { readonly name: string; readonly members: readonly Member[] }

type Grouped = { readonly name: string; readonly groups: readonly string[] }

/**
 * The waves that a text such as `canary,25%,all` asks for: each word takes gateways that no earlier one took. A name takes
 * that gateway, or the gateways of that group; a share so many of the document's order that so many are active in all
 * (rounded up, at least one more); `all` the rest. What no word takes is left out by nobody: the rest is a last wave.
 *
 * Without a text: a wave for each group in the order in which the document first names them, then the gateways without a
 * group; without groups a wave for each gateway.
 */
export function planWaves<Member extends Grouped>(
  members: readonly Member[],
  text: string | null,
): Result<readonly Wave<Member>[]> {
  const taken = new Set<Member>()
  const waves: Wave<Member>[] = []
  const take = (name: string, chosen: readonly Member[]) => {
    const fresh = chosen.filter((member) => !taken.has(member))
    for (const member of fresh) taken.add(member)
    if (fresh.length > 0) waves.push({ name, members: fresh })
  }
  const groups = [...new Set(members.flatMap((member) => member.groups))]
  if (text === null) {
    if (groups.length === 0) for (const member of members) take(member.name, [member])
    for (const group of groups) take(group, ofGroup(members, group))
    take('rest', members)
    return ok(waves)
  }
  for (const word of text.split(',').map((one) => one.trim())) {
    const share = /^(\d{1,3})%$/.exec(word)?.[1]
    if (word === 'all') take('all', members)
    else if (share !== undefined) {
      if (Number(share) < 1 || Number(share) > 100) return wrong(`expected a share from 1% to 100%, got ${word}`)
      const wanted = Math.max(Math.ceil((members.length * Number(share)) / 100), taken.size + 1)
      take(word, members.filter((member) => !taken.has(member)).slice(0, wanted - taken.size))
    } else {
      const chosen = members.filter(({ name }) => name === word)
      const named = chosen.length > 0 ? chosen : ofGroup(members, word)
      if (named.length === 0) {
        const known = [...groups, ...members.map(({ name }) => name), '25%', 'all']
        return wrong(`no gateway and no group is called "${word}"; there are ${known.join(', ')}`)
      }
      take(word, named)
    }
  }
  take('rest', members)
  return ok(waves)
}

const ofGroup = <Member extends Grouped>(members: readonly Member[], group: string): readonly Member[] =>
  members.filter(({ groups }) => groups.includes(group))

/** The gateways that a text such as `gw1,east` names. */
export function choose<Member extends Grouped>(members: readonly Member[], text: string): Result<readonly Member[]> {
  const chosen = new Set<Member>()
  for (const word of text.split(',').map((one) => one.trim())) {
    const named = members.filter(({ name, groups }) => word === 'all' || name === word || groups.includes(word))
    if (named.length === 0) {
      const known = [...new Set(members.flatMap(({ name, groups }) => [name, ...groups]))]
      return wrong(`no gateway and no group is called "${word}"; there are ${known.join(', ')}`)
    }
    for (const member of named) chosen.add(member)
  }
  return ok(members.filter((member) => chosen.has(member)))
}
