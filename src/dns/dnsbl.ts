import { type IpAddress, ipBytes, parseIp } from '../mail/ip.ts'
import type { Answer, Resolver } from './answer.ts'
import { reversed } from './reverse-name.ts'
import { contains, isUnlistable } from './special-addresses.ts'

/** A list, as the graph's oracle has it. `codes` are canonical networks inside of 127.0.0.0/8: the answers that count. */
export type DnsblList = { readonly zone: string; readonly codes: readonly string[] }

/**
 * `listed`  an answer is among the codes. `reason` is the list's text for it, `null` when it gives none
 * `clear`   the list says that it does not have the client, or has it for what does not count
 * `error`   nobody could tell. `reason` says why, for the log
 */
export type DnsblAnswer = { readonly outcome: 'listed' | 'clear' | 'error'; readonly reason: string | null }

export type DnsblOptions = {
  /** Clients that are not asked about besides the special addresses: the trusted networks of the document. */
  readonly exempt?: (client: IpAddress) => boolean
}

/** How lists say that they do not answer this asker: blocked, over the limit, misspelt (no RFC; they all do). */
const refusals = { bytes: Uint8Array.of(127, 255, 255, 0), bits: 24 }
const answerBlock = { bytes: Uint8Array.of(127, 0, 0, 0), bits: 8 }

/** Octets of a reason that go into a reply: RFC 5321 §4.5.3.1.5 gives the whole line 512. */
const maxReason = 200

/** Asks a list about a client (RFC 5782 §2.1, §2.4). Never rejects. Answers are cached by the resolver. */
export async function askDnsbl(
  resolver: Resolver,
  list: DnsblList,
  client: IpAddress,
  { exempt = () => false }: DnsblOptions = {},
): Promise<DnsblAnswer> {
  if (isUnlistable(client) || exempt(client)) return { outcome: 'clear', reason: null }
  const name = `${reversed(client)}.${list.zone}`
  const verdict = judge(await resolver.a(name), list)
  if (verdict.outcome !== 'listed') return verdict
  return { outcome: 'listed', reason: await reasonOf(resolver, name) }
}

/** What the addresses that a list answered mean. */
export function judge(answer: Answer<readonly IpAddress[]>, { zone, codes }: DnsblList): DnsblAnswer {
  if (answer.kind === 'failed') return { outcome: 'error', reason: answer.why }
  if (answer.kind === 'none') return { outcome: 'clear', reason: null }
  const answers = answer.value.map((address) => ({ address, bytes: ipBytes(address) }))
  const refused = answers.find(({ bytes }) => contains(refusals, bytes))
  if (refused !== undefined) return { outcome: 'error', reason: `${zone} refuses to answer: ${refused.address}` }
  const wanted = codes.map(blockOf)
  if (answers.some(({ bytes }) => wanted.some((block) => contains(block, bytes)))) {
    return { outcome: 'listed', reason: null }
  }
  // A zone that has lapsed answers everything with the address of whoever sells it: that lists nobody (RFC 5782 §2.1).
  const foreign = answers.find(({ bytes }) => !contains(answerBlock, bytes))
  if (foreign !== undefined) return { outcome: 'error', reason: `${zone} answers outside of 127/8: ${foreign.address}` }
  return { outcome: 'clear', reason: null }
}

/** The list's own words, harmless: they end up in an SMTP reply and in logs, and strangers may write them. */
async function reasonOf(resolver: Resolver, name: string): Promise<string | null> {
  const answer = await resolver.txt(name)
  if (answer.kind !== 'found') return null
  return cleaned(answer.value.find((text) => cleaned(text) !== null) ?? '')
}

/** One line of printable ASCII. Nothing in it is expanded. */
function cleaned(text: string): string | null {
  const line = text
    .replace(/[\x00-\x20]+/g, ' ')
    .replace(/[^ -~]/g, '?')
    .trim()
    .slice(0, maxReason)
    .trim()
  return line === '' ? null : line
}

function blockOf(network: string): { bytes: Uint8Array; bits: number } {
  const [text = '', bits] = network.split('/')
  const address = parseIp(text)
  if (!address.ok) throw new Error(`${network} is no network: ${address.error}`)
  const bytes = ipBytes(address.value)
  return { bytes, bits: bits === undefined ? bytes.length * 8 : Number(bits) }
}
