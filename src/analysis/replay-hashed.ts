import type { Graph } from '../graph/graph.ts'
import { plainLocalParts } from '../mail/envelope-record.ts'

/** Reads mailboxes whose local parts are hashed, as far as graphs tell local parts apart. */
export type HashedNames = {
  /** The mailbox means the same to the graphs whatever its local part was, or its local part is known. */
  isSafe(mailbox: string): boolean
  /** With its local part, if it is known. */
  reveal(mailbox: string): string
  /** The same of a login, which is a mailbox without any quoting, or a mere name. */
  revealLogin(login: string): string
}

/** `hash` as in `ReplayOptions`; without it, what a graph tells apart is not known. */
export function hashedNames(
  graphs: readonly Graph[],
  hash: ((localPart: string, domain: string) => string) | undefined,
): HashedNames {
  const { byDomain, anywhere } = namedLocalParts(graphs)
  if (hash === undefined) {
    const isTold = (domain: string): boolean => anywhere.size > 0 || byDomain.has(domain)
    return {
      isSafe: (mailbox) => mailbox === '<>' || !isHashed(mailbox) || !isTold(domainOf(mailbox)),
      reveal: (mailbox) => mailbox,
      revealLogin: (login) => login,
    }
  }
  const known = new Map<string, ReadonlyMap<string, string>>()
  const namesOf = (domain: string): ReadonlyMap<string, string> => {
    let names = known.get(domain)
    if (names === undefined) {
      const all = [...(byDomain.get(domain) ?? []), ...anywhere]
      names = new Map(all.map((localPart) => [hash(localPart, domain), localPart]))
      known.set(domain, names)
    }
    return names
  }
  return {
    isSafe: () => true,
    reveal(mailbox) {
      const at = mailbox.lastIndexOf('@')
      const domain = mailbox.slice(at + 1)
      const localPart = namesOf(domain).get(mailbox.slice(0, at))
      return localPart === undefined ? mailbox : `${quoted(localPart)}@${domain}`
    },
    revealLogin(login) {
      const [name, domain] = partsOf(login)
      const known = namesOf(domain).get(name)
      return known === undefined ? login : `${known}${login.slice(name.length)}`
    },
  }
}

const isHashed = (mailbox: string): boolean => /^~[0-9a-f]{16}(?:@|$)/.test(mailbox)
const domainOf = (mailbox: string): string => partsOf(mailbox)[1]

/** The domain of a mere name is empty. */
function partsOf(text: string): readonly [name: string, domain: string] {
  const at = text.lastIndexOf('@')
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
const quoted = (localPart: string): string =>
  /^[\w!#$%&'*+/=?^`{|}~.\u00a0-\uffff-]+$/.test(localPart) && !/^\.|\.\.|\.$/.test(localPart)
    ? localPart
    : `"${localPart.replace(/["\\]/g, '\\$&')}"`

function namedLocalParts(graphs: readonly Graph[]) {
  const byDomain = new Map<string, Set<string>>()
  const anywhere = new Set<string>()
  for (const { nodes } of graphs) {
    for (const node of nodes) {
      if (node.kind !== 'table') continue
      for (const [pattern] of node.rows) {
        if (node.on === 'local-part') {
          if (!plainLocalParts.has(pattern)) anywhere.add(pattern)
          continue
        }
        const [localPart, domain] = partsOf(pattern)
        const isName = node.on === 'login' ? localPart !== '*' : domain !== ''
        if (!isName || plainLocalParts.has(localPart)) continue
        const known = byDomain.get(domain)
        if (known === undefined) byDomain.set(domain, new Set([localPart]))
        else known.add(localPart)
      }
    }
  }
  return { byDomain, anywhere }
}
