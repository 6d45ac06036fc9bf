import { networkInterfaces } from 'node:os'
import type { Clock } from '../mail/clock.ts'

/** Addresses of this machine, looked at again when a minute has passed: to list them is a system call for each. */
export function ownInterfaces(clock: Clock): () => readonly string[] {
  let known: readonly string[] = []
  let lookedAt = Number.NEGATIVE_INFINITY
  return () => {
    if (clock.now() - lookedAt > 60_000) {
      known = Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address))
      lookedAt = clock.now()
    }
    return known
  }
}
