import { isIP } from 'node:net'
import type { IpAddress } from '../mail/ip.ts'

/**
 * True when connecting there would reach this gateway itself. `address` is `null` when only the name is known: a host
 * that bears our name is ourselves, wherever its address seems to be (behind address translation we do not know ours).
 */
export type IsSelf = (address: IpAddress | null, port: number, name: string) => boolean

export type Own = {
  /** Names of this host, in lower case: those that listeners greet with. */
  readonly names: readonly string[]
  /** What the listeners are bound to. */
  readonly bound: () => readonly { readonly address: string; readonly port: number }[]
  /** Addresses of this machine's interfaces (`os.networkInterfaces()`); they may change. */
  readonly interfaces: () => readonly string[]
}

export function ownHost({ names, bound, interfaces }: Own): IsSelf {
  const known = new Set(names)
  return (address, port, name) => {
    if (address === null) return known.has(name)
    return bound().some((one) => {
      if (one.port !== port) return false
      if (one.address === address) return true
      const everywhere = one.address === '::' || (one.address === '0.0.0.0' && isIP(address) === 4)
      return everywhere && (isLoopback(address) || interfaces().includes(address))
    })
  }
}

/**
 * For hosts that somebody else's DNS names. At the port of the internet, loopback is this machine, whoever listens there:
 * another mail server on it trusts what comes from here, and a stranger's MX must not bring his mail to it. Labs have
 * other ports.
 */
export const foundByMx =
  (isSelf: IsSelf): IsSelf =>
  (address, port, name) =>
    (address !== null && port === 25 && isLoopback(address)) || isSelf(address, port, name)

/** All of 127.0.0.0/8 is this machine, though its interface shows one address. */
const isLoopback = (address: IpAddress): boolean => address === '::1' || address.startsWith('127.')
