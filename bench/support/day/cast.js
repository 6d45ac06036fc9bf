/**
 * Who is there on a day of a bad internet, and what must become of mail to them. Times are shares of the day, which ends
 * when mail expires: `until: 0.4` is what gets well after two fifths of it. Counts are of 500 domains.
 *
 *   delivered   every message arrives, sooner or later
 *   failed      none arrives, and every sender is told
 */
export const parts = [
  { kind: 'healthy', of: 120, ends: 'delivered', text: 'answers at once' },
  { kind: 'second', of: 40, ends: 'delivered', text: 'first MX dead, second well' },
  { kind: 'dead', of: 80, ends: 'failed', text: 'port closed, all day' },
  { kind: 'reborn', of: 130, until: 0.4, ends: 'delivered', text: 'port closed until two fifths of the day' },
  { kind: 'slow', of: 25, ends: 'delivered', text: 'greets after two minutes' },
  { kind: 'silent', of: 10, until: 0.3, ends: 'delivered', text: 'takes connections and says nothing, for a while' },
  { kind: 'greylist', of: 25, ends: 'delivered', text: '451 to each new recipient for a quarter of an hour' },
  { kind: 'storm', of: 20, ends: 'delivered', text: '421 for a third of every hour' },
  { kind: 'servfail', of: 10, until: 0.35, ends: 'delivered', text: 'SERVFAIL until a third of the day' },
  { kind: 'lost-zone', of: 5, ends: 'failed', text: 'SERVFAIL all day' },
  { kind: 'certificate', of: 8, until: 0.5, ends: 'delivered', text: 'MTA-STS enforce, wrong certificate until noon' },
  { kind: 'downgrade', of: 7, ends: 'failed', text: 'MTA-STS enforce, and no STARTTLS offered' },
  {
    kind: 'token',
    of: 10,
    until: 0.3,
    ends: 'delivered',
    text: 'by a smart host whose token endpoint fails for a while',
  },
  { kind: 'null-mx', of: 5, ends: 'failed', text: 'null MX' },
  { kind: 'refuses', of: 5, ends: 'failed', text: '550 to every recipient' },
]

export const ownZone = 'day.test'
export const sendersDomain = `senders.${ownZone}`

/** `count` domains, each kind with its share and at least one of each. */
export function castOf(count, only = null) {
  const total = parts.reduce((sum, { of }) => sum + of, 0)
  const cast = []
  for (const part of parts) {
    if (only !== null && part.kind !== only) continue
    const share = Math.max(1, Math.round((part.of * count) / total))
    for (let i = 0; i < share; i++) {
      const number = cast.length
      const at = `127.40.${number >> 8}.${number & 255}`
      const other = `127.41.${number >> 8}.${number & 255}`
      cast.push({ ...part, name: `d${number}.${ownZone}`, at, other })
    }
  }
  return cast
}

/** Whether it is not yet well, at this share of the day. */
export const isIll = ({ until }, share) => until !== undefined && share < until
