/**
 * The hash of names in the run-time form: over the units from the right, so that one pass over a domain gives the hash of
 * each of its suffixes. It is fast and keeps nobody out: a stranger can find names of equal hash, so every hit is compared
 * unit by unit.
 */
export const seed = 0x811c9dc5 | 0

export const step = (hash: number, unit: number): number => Math.imul(hash ^ unit, 0x01000193)

/** Spreads what differs only in high bits: tables use the low ones. */
export function finish(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return mixed ^ (mixed >>> 13)
}

/** Of a mailbox, from the unfinished hashes of its folded local part and of its domain. */
export const join = (localPart: number, domain: number): number => finish(step(localPart ^ Math.imul(domain, 31), 64))

export function hashText(text: string): number {
  let hash = seed
  for (let i = text.length - 1; i >= 0; i--) hash = step(hash, text.charCodeAt(i))
  return hash
}
