import { type IpAddress, ipBytes } from '../mail/ip.ts'

type Block = { readonly bytes: Uint8Array; readonly bits: number }

/**
 * The addresses that are not "globally reachable" by the IANA registries of special addresses (RFC 6890, RFC 8190), with
 * multicast. No list of bad senders can know anything of them (`isUnlistable`), and asking tells strangers what is inside.
 *
 * The blocks for documentation are not here: no client comes from them but in a lab, and there its author means
 * addresses of the internet.
 */
const special = blocks(
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.88.99.0/24',
  '192.168.0.0/16 198.18.0.0/15 224.0.0.0/4 240.0.0.0/4',
  '::/128 ::1/128 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2002::/16 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8',
)

/** Inside of 2001::/23, and global all the same. */
const global = blocks(
  '192.0.0.9/32 192.0.0.10/32 2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:3::/32 2001:4:112::/48 2001:20::/28 2001:30::/28',
)

/** This machine. Of a client there DNS lists do know: their test entries are 127.0.0.1 and 127.0.0.2 (RFC 5782 §5). */
const loopback = blocks('127.0.0.0/8 ::1/128')

/** What no connection can be made to: nobody, everybody, and what needs an interface to be named. */
const unconnectable = blocks('0.0.0.0/8 224.0.0.0/4 255.255.255.255/32 ::/128 ff00::/8 fe80::/10')

/** True for addresses that mean nothing outside of a machine, a site or a protocol. */
export function isSpecial(address: IpAddress): boolean {
  const bytes = ipBytes(address)
  return holds(special, bytes) && !holds(global, bytes)
}

/** True for clients that no DNS list can know anything of. Whoever tries a list comes from the loopback, so that is asked about. */
export const isUnlistable = (client: IpAddress): boolean => isSpecial(client) && !holds(loopback, ipBytes(client))

/** True when a host can be connected to there. A DNS answer may say anything, `0.0.0.0` for one, which is ourselves. */
export const isConnectable = (address: IpAddress): boolean => !holds(unconnectable, ipBytes(address))

function blocks(...lists: string[]): readonly Block[] {
  return lists
    .flatMap((list) => list.split(' '))
    .map((text) => {
      const [address = '', bits = ''] = text.split('/')
      return { bytes: ipBytes(address as IpAddress), bits: Number(bits) }
    })
}

const holds = (list: readonly Block[], address: Uint8Array): boolean => list.some((block) => contains(block, address))

/** True when the first `bits` of both are equal. */
export function contains({ bytes, bits }: Block, address: Uint8Array): boolean {
  if (bytes.length !== address.length) return false
  const whole = bits >> 3
  for (let i = 0; i < whole; i++) if (bytes[i] !== address[i]) return false
  const rest = 8 - (bits & 7)
  return rest === 8 || bytes[whole]! >> rest === address[whole]! >> rest
}
