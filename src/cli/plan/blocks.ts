import { coveringBlocks, parseBlock } from '../../graph/network.ts'
import { ipFromBytes } from '../../mail/ip.ts'

/**
 * A block of addresses without some blocks in it, as blocks, in ascending order: `192.168.2.0/23` without
 * `192.168.2.0/24` is `192.168.3.0/24`. `null` where it is more blocks than `most`, or nothing is left.
 */
export function blocksWithout(network: string, except: readonly string[], most: number): readonly string[] | null {
  if (parseBlock(network) === null || except.some((one) => parseBlock(one) === null)) return null
  const gone = new Set(except)
  /** Those in which something is gone, and which have to be halved. */
  const divided = new Set(except.flatMap((one) => coveringBlocks(one, everyLength)))
  const found: string[] = []
  const visit = (block: string): void => {
    if (gone.has(block) || found.length > most) return
    if (!divided.has(block)) found.push(block)
    else for (const half of halves(block)) visit(half)
  }
  visit(network)
  return found.length === 0 || found.length > most ? null : found
}

const everyLength: ReadonlySet<number> = new Set(Array.from({ length: 129 }, (_, bits) => bits))

function halves(network: string): readonly string[] {
  const { bytes, bits } = parseBlock(network)!
  const upper = Uint8Array.from(bytes)
  upper[bits >> 3]! |= 0x80 >> (bits & 7)
  return [bytes, upper].map((half) => `${ipFromBytes(half)}/${bits + 1}`)
}
