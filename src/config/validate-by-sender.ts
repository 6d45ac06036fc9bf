import type { BySender as Written } from './define.ts'
import type { BySender, SenderRow } from './document.ts'
import { readAddressPattern } from './patterns.ts'
import { twice } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { entries } from './validate-rows.ts'
import { readTarget } from './validate-target.ts'

/** Where the key and the value of a sender were written. */
type Spots = (pattern: string, part: 'key' | 'value', inner?: readonly (string | number)[]) => Spot

/** A row of localMx that looks at the sender; `null` (told) when it cannot be read. `at` is that of the row. */
export function readBySender(
  report: Report,
  { bySender }: Written,
  at: string,
  whole: Spot,
  spots: Spots,
): BySender | null {
  const rows: SenderRow[] = []
  const known = new Map<string, Spot>()
  let isSound = true
  for (const [key, written] of entries(bySender)) {
    const spot = spots(key, 'key')
    const reading = readAddressPattern(key)
    if (!reading.ok) {
      report.error('MG1302', spot, reading.error, { hint: reading.hint })
      isSound = false
      continue
    }
    const pattern = reading.value
    const first = known.get(pattern)
    if (first !== undefined) {
      twice(report, spot, key, first)
      continue
    }
    known.set(pattern, spot)
    const target = readTarget(written as Written['bySender'][string])
    if (!target.ok) {
      report.error(target.code, spots(key, 'value', target.key), target.error, { hint: target.hint })
      isSound = false
      continue
    }
    const { kind } = target.value
    if (kind === 'deliver') {
      report.error('MG1355', spots(key, 'value'), 'delivers here: a mailbox is the same whoever writes to it')
    } else if (pattern === '<>' && (kind === 'reject' || kind === 'discard')) {
      // RFC 5321 §4.5.5: nobody would hear what became of his mail.
      report.error('MG1355', spots(key, 'value'), `${kind}s notifications, which have the null sender`)
    }
    const own = `${at}.bySender[${JSON.stringify(pattern)}]`
    report.place(own, spot)
    rows.push({ at: own, pattern, target: target.value })
  }
  if (isSound && !known.has('*')) {
    report.error('MG1355', whole, 'has no way for other senders', {
      hint: "write '*': via('...'), or '*': reject(550, 'not from this sender')",
    })
  }
  return isSound && known.has('*') ? { kind: 'by-sender', rows } : null
}
