import { type IpAddress, parseIp } from '../mail/ip.ts'

/** IPv4 first: few programs that listen on this machine alone listen on `::1` too. */
export const loopback: readonly IpAddress[] = ['127.0.0.1', '::1'].map((text) => {
  const parsed = parseIp(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
})

/**
 * What is known of a name in lower case without asking (RFC 6761 §6.3, §6.4; RFC 7686 §2): `localhost` and what is below
 * it is `here`, whatever a name server says; below `invalid` and `onion` there is `nothing`, and asking would tell
 * strangers. `null`: the DNS has to be asked.
 */
export function localName(text: string): 'here' | 'nothing' | null {
  const name = text.endsWith('.') ? text.slice(0, -1) : text
  const top = name.slice(name.lastIndexOf('.') + 1)
  if (top === 'localhost') return 'here'
  return top === 'invalid' || top === 'onion' ? 'nothing' : null
}
