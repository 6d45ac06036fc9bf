import { type IpAddress, ipBytes } from '../mail/ip.ts'
import { masked, parseBlock } from './network.ts'

/** Whether an address lies in any of these canonical blocks: one look-up for each prefix length that there is. */
export function networkSet(networks: readonly string[]): (client: IpAddress) => boolean {
  // By family and prefix length: `4/24`.
  const lengths = new Map<string, { readonly bits: number; readonly bytes: number; readonly blocks: Set<string> }>()
  for (const network of networks) {
    const block = parseBlock(network)
    if (block === null) throw new Error(`${network} is no canonical address block`)
    const { bits, bytes } = block
    const key = `${bytes.length}/${bits}`
    const length = lengths.get(key) ?? { bits, bytes: bytes.length, blocks: new Set() }
    length.blocks.add(textOf(bytes))
    lengths.set(key, length)
  }
  const all = [...lengths.values()]
  return (client) => {
    if (all.length === 0) return false
    const address = ipBytes(client)
    return all.some(({ bits, bytes, blocks }) => bytes === address.length && blocks.has(textOf(masked(address, bits))))
  }
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
