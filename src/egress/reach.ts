import type { Clock } from '../mail/clock.ts'
import type { HostToTry } from '../route/hosts.ts'
import type { Door } from './knock.ts'
import type { Wire } from './wire.ts'

/** RFC 8305 §5: after so long without a connection the next address is tried beside the first. */
export const attemptDelayMs = 250

/** A connection in the making; `forget` when the deadlines of its youth are somebody else's. */
export type Young = { readonly wire: Wire; readonly forget: () => void }

export type Reached = { readonly door: Door; readonly young: Young }

export type Reaching = {
  readonly open: (door: Door) => Young
  /** Takes a place for a second connection, and gives what returns it; `null`: there is none, so no race. */
  readonly room: () => (() => void) | null
  readonly clock: Clock
}

/**
 * Connects to the first door, and beside it to a second one when the first takes long: of a host with both families one
 * of them often leads nowhere. Whichever connects first is kept, and the other is closed before anything is said, so that
 * no host sees two sessions. When both fail, the first is given back: `greet` tells why.
 *
 * @param second asked when it is needed
 */
export async function reach(
  first: Door,
  second: (() => Promise<Door | null>) | null,
  { open, room, clock }: Reaching,
): Promise<Reached> {
  const young = open(first)
  const alone: Reached = { door: first, young }
  if (second === null || !(await isLate(young.wire, clock))) return alone
  const leave = room()
  if (leave === null) return alone
  try {
    const door = await second()
    if (door === null || young.wire.isConnected) return alone
    const other = open(door)
    const winner = await firstOf(young, other)
    const beaten = winner === young ? other : young
    beaten.forget()
    beaten.wire.close()
    return { door: winner === young ? first : door, young: winner }
  } finally {
    leave()
  }
}

/** True when the connection neither stands nor has failed in time. */
function isLate(wire: Wire, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(() => resolve(true), attemptDelayMs)
    const settled = () => {
      timer.cancel()
      resolve(false)
    }
    wire.connected().then(settled, settled)
  })
}

function firstOf(one: Young, other: Young): Promise<Young> {
  return new Promise((resolve) => {
    let failures = 0
    const failed = () => {
      failures++
      if (failures === 2) resolve(one)
    }
    one.wire.connected().then(() => resolve(one), failed)
    other.wire.connected().then(() => resolve(other), failed)
  })
}

/** The address to race against `host`: of the same host and port, of the other family, and next of these in order. */
export function rivalOf(host: HostToTry, others: readonly HostToTry[]): HostToTry | null {
  const isSix = host.address.includes(':')
  return (
    others.find(
      ({ name, address, port }) => name === host.name && port === host.port && address.includes(':') !== isSix,
    ) ?? null
  )
}
