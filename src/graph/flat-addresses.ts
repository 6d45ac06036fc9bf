import { type IpAddress, ipBytes } from '../mail/ip.ts'
import { addressTable } from './flat-layout.ts'

/** Look-ups of one address after another; the latest one is kept parsed. */
export type AddressFinder = {
  /** The row ([to, place]) of the longest prefix in a table, or -1. */
  find(table: number, address: IpAddress): number
}

export function flatAddresses(words: Int32Array): AddressFinder {
  let latest = ''
  let isFour = false
  /** In the order of the tables: the highest bit is turned over, so that signed words sort like addresses. */
  let four = 0
  const six = new Int32Array(4)

  function parse(address: IpAddress): void {
    latest = address
    isFour = true
    let value = 0
    let octet = 0
    for (let i = 0; i < address.length; i++) {
      const unit = address.charCodeAt(i)
      if (unit === 46) {
        value = (value << 8) | octet
        octet = 0
      } else if (unit >= 48 && unit <= 57) octet = octet * 10 + unit - 48
      else {
        isFour = false
        break
      }
    }
    if (isFour) {
      four = ((value << 8) | octet) ^ 0x8000_0000
      return
    }
    const bytes = ipBytes(address)
    for (let i = 0; i < 4; i++) {
      const word = (bytes[i * 4]! << 24) | (bytes[i * 4 + 1]! << 16) | (bytes[i * 4 + 2]! << 8) | bytes[i * 4 + 3]!
      six[i] = word ^ 0x8000_0000
    }
  }

  function findFour(table: number): number {
    const count = words[table + addressTable.count4]!
    if (count === 0) return -1
    const starts = words[table + addressTable.starts4]!
    const index = words[table + addressTable.index4]!
    let first = 0
    let last = count - 1
    if (index >= 0) {
      const half = (four ^ 0x8000_0000) >>> 16
      first = words[index + half]!
      // The ranges that begin inside of this half end with the one that the next half begins in.
      last = words[index + half + 1]!
    }
    while (first < last) {
      const middle = (first + last + 1) >>> 1
      if (words[starts + middle]! <= four) first = middle
      else last = middle - 1
    }
    return words[table + addressTable.rows4]! + first * 2
  }

  function findSix(table: number): number {
    const count = words[table + addressTable.count6]!
    if (count === 0) return -1
    const starts = words[table + addressTable.starts6]!
    let first = 0
    let last = count - 1
    while (first < last) {
      const middle = (first + last + 1) >>> 1
      if (isAtOrBefore(starts + middle * 4)) first = middle
      else last = middle - 1
    }
    return words[table + addressTable.rows6]! + first * 2
  }

  function isAtOrBefore(start: number): boolean {
    for (let i = 0; i < 4; i++) {
      if (words[start + i]! !== six[i]!) return words[start + i]! < six[i]!
    }
    return true
  }

  return {
    find(table, address) {
      if (address !== latest) parse(address)
      const row = isFour ? findFour(table) : findSix(table)
      // A range that no prefix covers.
      return row < 0 || words[row]! < 0 ? -1 : row
    },
  }
}
