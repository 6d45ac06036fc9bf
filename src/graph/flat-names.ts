import { finish, hashText } from './flat-hash.ts'
import { entryMask, nameTable, tagMask } from './flat-layout.ts'

/** Look-ups of one name after another, such as a login; the hashes of the latest one are kept. */
export type NameFinder = {
  /** The row ([to, place]) of the most specific pattern in a table that matches, or -1. */
  find(table: number, name: string): number
}

export function flatNames(words: Int32Array): NameFinder {
  const octets = new Uint8Array(words.buffer)
  let latest: string | null = null
  let whole = 0
  /** Where what follows the last `@` begins, and its hash; -1: there is none. */
  let domainAt = -1
  let domain = 0

  function read(name: string): void {
    latest = name
    whole = finish(hashText(name))
    const at = name.lastIndexOf('@')
    domainAt = at < 0 ? -1 : at + 1
    if (at >= 0) domain = finish(hashText(name.slice(domainAt)))
  }

  /** True when the text in place is what the name holds from `from` on. */
  function isText(text: number, name: string, from: number): boolean {
    const mark = words[text]!
    const length = name.length - from
    if (mark >>> 1 !== length) return false
    const start = (text + 1) * 4
    const isWide = (mark & 1) === 1
    for (let i = 0; i < length; i++) {
      const unit = isWide ? octets[start + i * 2]! | (octets[start + i * 2 + 1]! << 8) : octets[start + i]!
      if (unit !== name.charCodeAt(from + i)) return false
    }
    return true
  }

  function lookUp(slots: number, mask: number, hash: number, name: string, from: number): number {
    if (mask < 0) return -1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const word = words[slots + slot]!
      if (word === 0) return -1
      if (((word ^ hash) & tagMask) !== 0) continue
      const entry = (word & entryMask) << 2
      if (isText(entry + 2, name, from)) return entry
    }
  }

  return {
    find(table, name) {
      if (name !== latest) read(name)
      const own = lookUp(words[table + nameTable.names]!, words[table + nameTable.nameMask]!, whole, name, 0)
      if (own >= 0) return own
      if (domainAt >= 0) {
        const slots = words[table + nameTable.domains]!
        const found = lookUp(slots, words[table + nameTable.domainMask]!, domain, name, domainAt)
        if (found >= 0) return found
      }
      return words[table + nameTable.anyTo]! < 0 ? -1 : table + nameTable.anyTo
    },
  }
}
