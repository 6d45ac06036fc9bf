import { ipBytes, ipFromBytes, parseIp } from '../mail/ip.ts'

/** An address block: 4 or 16 bytes, host bits zero, and the number of bits that count. */
export type Block = { readonly bytes: Uint8Array; readonly bits: number }

/** Reads `192.0.2.0/24` in its canonical form; `null` for any other text, host bits that are set included. */
export function parseBlock(network: string): Block | null {
  const slash = network.indexOf('/')
  const address = parseIp(network.slice(0, slash))
  const digits = network.slice(slash + 1)
  if (slash < 0 || !address.ok || !/^(0|[1-9]\d{0,2})$/.test(digits)) return null
  const bytes = ipBytes(address.value)
  const bits = Number(digits)
  if (bits > bytes.length * 8 || `${address.value}/${bits}` !== network) return null
  return ipFromBytes(masked(bytes, bits)) === address.value ? { bytes, bits } : null
}

// The same few blocks are asked about again and again, by boxes and by the plain evaluator: each is read once.
const blocks = new Map<string, Block>()

/** A block that is known to be one. Throws for what is none. */
export function blockOf(network: string): Block {
  let block = blocks.get(network)
  if (block === undefined) {
    const parsed = parseBlock(network)
    if (parsed === null) throw new Error(`expected an address block, got ${JSON.stringify(network)}`)
    block = parsed
    // Boxes and graphs come and go; the memory of a gateway does not grow with them.
    if (blocks.size >= 100_000) blocks.clear()
    blocks.set(network, block)
  }
  return block
}

export function contains(block: Block, address: Uint8Array): boolean {
  const { bytes, bits } = block
  if (bytes.length !== address.length) return false
  const whole = bits >>> 3
  for (let i = 0; i < whole; i++) if (bytes[i] !== address[i]) return false
  const rest = bits & 7
  return rest === 0 || ((bytes[whole]! ^ address[whole]!) & (0xff00 >> rest) & 255) === 0
}

/** The canonical blocks of these prefix lengths that hold this whole block, the longest prefix first. */
export function coveringBlocks(network: string, lengths: ReadonlySet<number>): string[] {
  const block = parseBlock(network)
  if (block === null) return [network]
  const found: string[] = []
  for (let bits = block.bits; bits >= 0; bits--) {
    if (lengths.has(bits)) found.push(`${ipFromBytes(masked(block.bytes, bits))}/${bits}`)
  }
  return found
}

export function masked(bytes: Uint8Array, bits: number): Uint8Array {
  return bytes.map((byte, i) => {
    const kept = Math.min(8, Math.max(0, bits - i * 8))
    return byte & (0xff00 >> kept) & 255
  })
}
