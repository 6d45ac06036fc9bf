import { type IpAddress, ipBytes } from '../mail/ip.ts'
import { type NextHop, nextHopName } from '../mail/next-hop.ts'
import type { Mailbox, ReversePath } from '../mail/path.ts'
import { contains, parseBlock } from './network.ts'
import { nextHopTest } from './next-hop-pattern.ts'
import type { Ban, Deny, Holding, Overlay, Refusing } from './overlay.ts'
import { isSearchable, mailboxKey } from './pattern.ts'

/** What is known of a message when overlays are asked; `undefined`: not yet. */
export type Asked = {
  readonly listener: string
  readonly client: IpAddress
  readonly sender: ReversePath | undefined
  readonly recipient: Mailbox | undefined
}

/** Overlays in the form in which sessions and the queue ask them. Made anew at each change: they are few, and asked often. */
export type Restrictions = {
  readonly refuses: boolean
  readonly holds: boolean
  /** The one that refuses: a ban first, then the oldest deny whose conditions are known and hold. */
  refusal(asked: Asked): Refusing | null
  hold(recipient: Mailbox, nextHop: NextHop): Holding | null
}

/** `now`: an overlay whose time is over refuses nothing, also when nobody has swept it up yet. */
export function restrictions(overlays: readonly Overlay[], now: () => number): Restrictions {
  const bans = new Map<string, Overlay & Ban>()
  const denies: { readonly overlay: Overlay & Deny; readonly isInside: (client: IpAddress) => boolean }[] = []
  const holds: { readonly hold: Holding; readonly isMeant: ((name: string) => boolean) | null }[] = []
  for (const overlay of overlays) {
    if (overlay.kind === 'ban') {
      // Of two bans of one address the one that ends last.
      if (overlay.until > (bans.get(overlay.client)?.until ?? 0)) bans.set(overlay.client, overlay)
    } else if (overlay.kind === 'hold') {
      const { nextHop } = overlay
      holds.push({ hold: overlay, isMeant: nextHop === null ? null : nextHopTest(nextHop) })
    } else denies.push({ overlay, isInside: overlay.client === null ? () => true : blockTest(overlay.client) })
  }
  const isOver = ({ until }: Overlay): boolean => until <= now()
  return {
    refuses: bans.size + denies.length > 0,
    holds: holds.length > 0,
    refusal({ listener, client, sender, recipient }) {
      const ban = bans.get(client)
      if (ban !== undefined && !isOver(ban)) return ban
      for (const { overlay, isInside } of denies) {
        if (overlay.listener !== null && overlay.listener !== listener) continue
        if (overlay.sender !== null && (sender === undefined || !pathMatches(overlay.sender, sender))) continue
        if (overlay.recipient !== null && (recipient === undefined || !pathMatches(overlay.recipient, recipient)))
          continue
        if (isInside(client) && !isOver(overlay)) return overlay
      }
      return null
    },
    hold(recipient, nextHop) {
      const name = nextHopName(nextHop.key)
      for (const { hold, isMeant } of holds) {
        if (hold.domain !== null && !pathMatches(hold.domain, recipient)) continue
        if (isMeant !== null && hold.nextHop !== nextHop.key && !isMeant(name)) continue
        if (!isOver(hold)) return hold
      }
      return null
    },
  }
}

function blockTest(network: string): (client: IpAddress) => boolean {
  const block = parseBlock(network)
  return (client) => block !== null && contains(block, ipBytes(client))
}

/** As rows of tables match: exactly, any depth below `*.suffix`, `*` everything but the null reverse-path. */
export function pathMatches(pattern: string, path: ReversePath): boolean {
  if (path === null) return pattern === '<>'
  if (pattern === '<>') return false
  if (pattern === '*') return true
  if (!isSearchable(path.domain)) return false
  if (pattern.includes('@')) return pattern === mailboxKey(path)
  if (pattern.startsWith('*.')) return path.domain.endsWith(pattern.slice(1))
  return pattern === path.domain
}
