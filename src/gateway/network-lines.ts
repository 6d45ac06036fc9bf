import { masked, parseBlock } from '../graph/network.ts'
import { ipBytes, ipFromBytes, parseIp } from '../mail/ip.ts'

/** What a file of networks says. `firstWrong`: the first line that is none, with its number; `null`: all are. */
export type NetworkLines = {
  readonly networks: readonly string[]
  readonly wrong: number
  readonly firstWrong: string | null
}

/**
 * An address or block a line; what follows `#` or `;` is a comment. Bits behind the prefix are cleared (`194.30.30.11/16`
 * is 194.30.0.0/16), as whoever wrote such a line meant that; what strangers write a program reads here without a person
 * who could be asked. Everything else is left out and counted, and so is a block as wide as a registry's: nobody has
 * reviewed the file, and a slip such as `0.0.0.0/0` would shut out the world.
 */
export function readNetworkLines(text: string): NetworkLines {
  const networks = new Set<string>()
  let wrong = 0
  let firstWrong: string | null = null
  let number = 0
  for (const line of text.split('\n')) {
    number++
    const [entry = ''] = line.split(/[#;]/, 1)
    const written = entry.trim()
    if (written === '') continue
    const network = canonical(written)
    if (network !== null) networks.add(network)
    else {
      wrong++
      firstWrong ??= `line ${number}: ${written.slice(0, 100)}`
    }
  }
  return { networks: [...networks], wrong, firstWrong }
}

function canonical(text: string): string | null {
  const slash = text.indexOf('/')
  const address = parseIp(slash < 0 ? text : text.slice(0, slash))
  if (!address.ok) return null
  const bytes = ipBytes(address.value)
  const bits = slash < 0 ? String(bytes.length * 8) : text.slice(slash + 1)
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > bytes.length * 8) return null
  if (Number(bits) < (bytes.length === 4 ? 8 : 16)) return null
  const network = `${ipFromBytes(masked(bytes, Number(bits)))}/${Number(bits)}`
  return parseBlock(network) === null ? null : network
}
