import type { LookupFunction } from 'node:net'
import { isIPv6 } from 'node:net'
import { ownAddresses } from './loopback-host.ts'
import type { LookUp } from './source.ts'

/**
 * The gateway's resolver in the form that sockets take. Node's own looks names up on the few threads that also write the
 * spool: with a name server that does not answer, nobody could hand in a message because somebody logs in.
 */
export function nodeLookup(lookUp: LookUp): LookupFunction {
  return (host, options, callback) => {
    addressesOf(host, lookUp).then(
      (addresses) => {
        const found = addresses.map((address) => ({ address: address as string, family: isIPv6(address) ? 6 : 4 }))
        if (options.all === true) return callback(null, found)
        callback(null, found[0]!.address, found[0]!.family)
      },
      (error: Error) => callback(error, ''),
    )
  }
}

/** At least one, or it rejects. */
export async function addressesOf(host: string, lookUp: LookUp): Promise<readonly string[]> {
  const addresses = ownAddresses(host) ?? (await lookUp(host))
  if (addresses.length === 0) throw new Error(`${host} has no address`)
  return addresses
}
