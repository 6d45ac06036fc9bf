import type { Mailbox } from '../mail/path.ts'
import { finish, join, seed, step } from './flat-hash.ts'
import { entryMask, mailboxTable, tagMask } from './flat-layout.ts'
import { foldLocalPart, maxDomainLength, maxLabels } from './pattern.ts'

/** Look-ups of one mailbox after another; hashes of the latest one's domain, suffixes and local part are kept. */
export type MailboxFinder = {
  /** The row ([to, place]) of the most specific pattern in a table that matches, or -1. */
  find(table: number, mailbox: Mailbox): number
  findNull(table: number): number
  /** In a table of local parts. */
  findLocalPart(table: number, mailbox: Mailbox): number
}

const dot = 46

export function flatMailboxes(words: Int32Array): MailboxFinder {
  const octets = new Uint8Array(words.buffer)
  let latest: Mailbox | null = null
  let domain = ''
  /** Of the domain and its suffixes, by number of labels, unfinished, and how long each is. 0 labels: not searchable. */
  const hashes = new Int32Array(maxLabels + 1)
  const lengths = new Int32Array(maxLabels + 1)
  let labels = 0
  /** The domain as `packedName` has it. */
  const packed = new Int32Array((maxDomainLength >>> 2) + 1)
  /** The folded local part; of a plain one the units are folded as they are read, and nothing is copied. */
  let localPart = ''
  let isFolded = false
  let localHash = 0
  let isLocalHashed = false

  function read(mailbox: Mailbox): void {
    latest = mailbox
    domain = mailbox.domain
    localPart = mailbox.localPart
    isLocalHashed = false
    labels = 0
    const { length } = domain
    if (length > maxDomainLength) return
    let hash = seed
    let word = 0
    let dots = 0
    for (let i = 0; i < length; i++) {
      const unit = domain.charCodeAt(length - 1 - i)
      if (unit > 127) return
      if (unit === dot) {
        dots++
        if (dots >= maxLabels) return
        hashes[dots] = hash
        lengths[dots] = i
      }
      hash = step(hash, unit)
      word |= unit << ((i & 3) << 3)
      if ((i & 3) === 3) {
        packed[i >>> 2] = word
        word = 0
      }
    }
    packed[length >>> 2] = word
    labels = dots + 1
    hashes[labels] = hash
    lengths[labels] = length
  }

  function hashLocalPart(): void {
    isLocalHashed = true
    isFolded = false
    let hash = seed
    for (let i = localPart.length - 1; i >= 0; i--) {
      const unit = localPart.charCodeAt(i)
      if (unit > 127) {
        localPart = foldLocalPart(localPart)
        isFolded = true
        break
      }
      hash = step(hash, unit >= 65 && unit <= 90 ? unit + 32 : unit)
    }
    if (isFolded) {
      hash = seed
      for (let i = localPart.length - 1; i >= 0; i--) hash = step(hash, localPart.charCodeAt(i))
    }
    localHash = hash
  }

  function localUnit(i: number): number {
    const unit = localPart.charCodeAt(i)
    return !isFolded && unit >= 65 && unit <= 90 ? unit + 32 : unit
  }

  function unitAt(text: number, i: number): number {
    const start = (text + 1) * 4
    if ((words[text]! & 1) === 0) return octets[start + i]!
    return octets[start + i * 2]! | (octets[start + i * 2 + 1]! << 8)
  }

  /** True when the name at `name` is the last `length` octets of the domain. */
  function isName(name: number, length: number): boolean {
    if (words[name] !== length) return false
    const whole = length >>> 2
    for (let i = 0; i < whole; i++) if (words[name + 1 + i] !== packed[i]) return false
    const rest = (length & 3) << 3
    return rest === 0 || words[name + 1 + whole] === (packed[whole]! & ((1 << rest) - 1))
  }

  function isMailbox(text: number): boolean {
    const length = localPart.length
    if (words[text]! >>> 1 !== length + 1 + domain.length) return false
    for (let i = 0; i < length; i++) if (unitAt(text, i) !== localUnit(i)) return false
    if (unitAt(text, length) !== 64) return false
    for (let i = 0; i < domain.length; i++) if (unitAt(text, length + 1 + i) !== domain.charCodeAt(i)) return false
    return true
  }

  function isLocalPart(text: number): boolean {
    const length = localPart.length
    if (words[text]! >>> 1 !== length) return false
    for (let i = 0; i < length; i++) if (unitAt(text, i) !== localUnit(i)) return false
    return true
  }

  /** The entry of the domain from the label `count` from the right on, or 0. */
  function findDomain(slots: number, mask: number, count: number): number {
    const hash = finish(hashes[count]!)
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const word = words[slots + slot]!
      if (word === 0) return 0
      if (((word ^ hash) & tagMask) !== 0) continue
      const entry = (word & entryMask) << 2
      if (isName(entry + 4, lengths[count]!)) return entry
    }
  }

  function find(table: number, mailbox: Mailbox): number {
    if (mailbox !== latest) read(mailbox)
    if (labels > 0) {
      const mailboxMask = words[table + mailboxTable.mailboxMask]!
      if (mailboxMask >= 0) {
        if (!isLocalHashed) hashLocalPart()
        const hash = join(localHash, hashes[labels]!)
        const slots = words[table + mailboxTable.mailboxes]!
        for (let slot = hash & mailboxMask; ; slot = (slot + 1) & mailboxMask) {
          const word = words[slots + slot]!
          if (word === 0) break
          if (((word ^ hash) & tagMask) !== 0) continue
          const entry = (word & entryMask) << 2
          if (isMailbox(entry + 2)) return entry
        }
      }
      const mask = words[table + mailboxTable.domainMask]!
      if (mask >= 0) {
        const slots = words[table + mailboxTable.domains]!
        const exact = findDomain(slots, mask, labels)
        if (exact !== 0 && words[exact]! >= 0) return exact
        const shortest = words[table + mailboxTable.minLabels]!
        if (shortest > 0) {
          // `*.a.b` is below a.b: never the whole domain.
          for (let count = Math.min(labels - 1, words[table + mailboxTable.maxLabels]!); count >= shortest; count--) {
            const entry = findDomain(slots, mask, count)
            if (entry !== 0 && words[entry + 2]! >= 0) return entry + 2
          }
        }
      }
    }
    return words[table + mailboxTable.anyTo]! < 0 ? -1 : table + mailboxTable.anyTo
  }

  return {
    find,
    findNull: (table) => (words[table + mailboxTable.nullTo]! < 0 ? -1 : table + mailboxTable.nullTo),
    findLocalPart(table, mailbox) {
      if (mailbox !== latest) read(mailbox)
      const mask = words[table + 1]!
      if (mask < 0) return -1
      if (!isLocalHashed) hashLocalPart()
      const hash = finish(localHash)
      const slots = words[table]!
      for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
        const word = words[slots + slot]!
        if (word === 0) return -1
        if (((word ^ hash) & tagMask) !== 0) continue
        const entry = (word & entryMask) << 2
        if (isLocalPart(entry + 2)) return entry
      }
    },
  }
}
