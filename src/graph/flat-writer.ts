/** 64 octets, which is what memory is read by nearly everywhere. */
const lineWords = 16

/** Appends to a block of words that grows. Offsets are in words. */
export type WordWriter = {
  readonly length: () => number
  /** Room for `count` words of `value`; gives its offset. */
  reserve(count: number, value?: number): number
  /** Leaves words unused so that the next `count` ones lie in as few cache lines as they can. */
  align(count: number): void
  /** The same for an entry, which begins at a multiple of four. */
  alignEntry(count: number): void
  set(offset: number, value: number): void
  get(offset: number): number
  push(...values: readonly number[]): number
  /** A text in place; gives its offset. */
  text(text: string): number
  /** UTF-8 octets, their count first; gives the offset. */
  blob(text: string): number
  words(): Int32Array
}

export function wordWriter(): WordWriter {
  let words = new Int32Array(1 << 16)
  let octets = Buffer.from(words.buffer)
  let length = 0

  const grow = (needed: number) => {
    if (needed <= words.length) return
    const larger = new Int32Array(Math.max(needed, words.length * 2))
    larger.set(words)
    words = larger
    octets = Buffer.from(larger.buffer)
  }
  const reserve = (count: number, value = 0): number => {
    const offset = length
    grow(length + count)
    if (value !== 0) words.fill(value, offset, offset + count)
    length += count
    return offset
  }

  const align = (count: number) => {
    const used = length % lineWords
    if (used !== 0 && used + count > lineWords) reserve(lineWords - used)
  }

  return {
    length: () => length,
    reserve,
    align,
    alignEntry(count) {
      align(count)
      reserve(-length & 3)
    },
    set(offset, value) {
      words[offset] = value
    },
    get: (offset) => words[offset]!,
    push(...values) {
      const offset = reserve(values.length)
      // By hand: `set` from a list takes several times as long for a few words.
      for (let i = 0; i < values.length; i++) words[offset + i] = values[i]!
      return offset
    },
    text(text) {
      const wide = /[^\x00-\xff]/.test(text)
      const offset = reserve(1 + Math.ceil((text.length * (wide ? 2 : 1)) / 4))
      words[offset] = (text.length << 1) | (wide ? 1 : 0)
      octets.write(text, (offset + 1) * 4, wide ? 'utf16le' : 'latin1')
      return offset
    },
    blob(text) {
      const encoded = Buffer.from(text, 'utf8')
      const offset = reserve(1 + Math.ceil(encoded.length / 4))
      words[offset] = encoded.length
      octets.set(encoded, (offset + 1) * 4)
      return offset
    },
    words: () => words.subarray(0, length),
  }
}

/** Reads what `text` wrote. */
export function readText(words: Int32Array, octets: Buffer, offset: number): string {
  const mark = words[offset]!
  const start = (offset + 1) * 4
  const units = mark >>> 1
  if ((mark & 1) === 0) return octets.toString('latin1', start, start + units)
  return octets.toString('utf16le', start, start + units * 2)
}

/** Reads what `blob` wrote. */
export function readBlob(words: Int32Array, octets: Buffer, offset: number): string {
  const start = (offset + 1) * 4
  return octets.toString('utf8', start, start + words[offset]!)
}
