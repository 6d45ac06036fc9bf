import { readDomainPattern } from '../../config/patterns.ts'
import { CommandError } from '../run.ts'

/** What an operator typed for a next hop, as the gateway compares it: domains in A-labels, no digest behind a name. */
export function destinationPattern(text: string): string {
  if (text === '*') return text
  const colon = text.indexOf(':')
  if (colon >= 0 && !text.startsWith('mx:')) return text.replace(/#.*$/, '')
  const domain = colon < 0 ? text : text.slice(3).replace(/#.*$/, '')
  // In a lab the port stands behind the domain; an address literal is no name.
  if (/^\[|:\d+$/.test(domain)) return `mx:${domain}`
  const read = readDomainPattern(domain)
  if (!read.ok) throw new CommandError(`${read.error}; or a next hop as \`mailgw dest list\` names it`)
  return `mx:${read.value}`
}
