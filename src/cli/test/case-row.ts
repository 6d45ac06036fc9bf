import type { Case } from '../../analysis/suite-case.ts'
import { demandsText } from '../../analysis/suite-words.ts'
import { pathText } from '../../graph/interpret.ts'
import { lineText } from '../../graph/message-text.ts'

/** A case as one row of a YAML table: `- { listener: mx, client: 203.0.113.9, to: a@b.example, expect: relay isp }`. */
export function caseRow({ name, message, assume, demands }: Omit<Case, 'suite' | 'place'>): string {
  const { listener, client, sender, recipient, sizeBytes, hops } = message
  const entries: (readonly [string, string])[] = []
  if (name !== null) entries.push(['name', scalar(name)])
  entries.push(['listener', scalar(listener)], ['client', scalar(client)])
  for (const [key, value] of Object.entries(lineText(message)))
    entries.push([key, value === true ? 'true' : scalar(value)])
  if (sender !== undefined) entries.push(['from', scalar(pathText(sender))])
  if (recipient !== null) entries.push(['to', scalar(recipient.text)])
  if (sizeBytes !== null) entries.push(['size', scalar(`${sizeBytes}B`)])
  if (hops !== null) entries.push(['hops', String(hops)])
  if (assume.size > 0) {
    const answers = [...assume].map(([oracle, outcome]) => `${scalar(oracle)}: ${outcome}`)
    entries.push(['assume', `{ ${answers.join(', ')} }`])
  }
  entries.push(['expect', scalar(demandsText(demands))])
  return `- { ${entries.map(([key, value]) => `${key}: ${value}`).join(', ')} }`
}

/**
 * A text as YAML reads it back unchanged: plain where nobody can doubt it, in double quotes otherwise. What could be a
 * number or a word of YAML's own never stands plain.
 */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z][\w.@=+/-]*(?: [\w.@=+/-]+)*$/.test(text) || /^\d+(?:\.\d+\.\d+\.\d+|B)$/.test(text)
  const isWord = /^(?:true|false|null|yes|no|on|off|y|n|nan|inf)$/i.test(text)
  return isPlain && !isWord ? text : JSON.stringify(text)
}
