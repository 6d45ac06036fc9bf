/**
 * The run-time form of a graph: one block of 32-bit words, read in place by the main thread and by workers.
 *
 *   header    `headerWords` words, by the names below
 *   nodes     `nodeWords` words each: kind and six operands (`nodeKinds`)
 *   tables    open addressing; a slot is one word (`slotWord`), 0 when empty; at most half of the slots are used
 *   ranges    networks as disjoint ranges, each with its row
 *   places    one for each `at`: file, line, column, and where its text is: [first, end] in `names`, or [-1, text]
 *   names     the texts of places that are Latin-1, one after the other: read as one string, of which each is a slice
 *   texts     a word with the length in units and the width, then the units, 1 octet or 2 each, up to the next word
 *   blobs     leaves, oracles, control and meta as JSON, read when they are first asked for
 *
 * Offsets count words from the beginning of the block; -1 is none. A change of anything here or in `flat-hash.ts` is a new
 * `layoutVersion`: a saved block of another version is built anew.
 */
export const magic = 0x4d474631
export const layoutVersion = 2
export const headerWords = 32
export const nodeWords = 8

export const header = {
  magic: 0,
  version: 1,
  words: 2,
  checksum: 3,
  nodes: 4,
  nodeCount: 5,
  /** Nine of them, in the order of `stages`. */
  entry: 6,
  listeners: 15,
  listenerCount: 16,
  files: 17,
  fileCount: 18,
  control: 19,
  hash: 20,
  names: 21,
  /** In octets. */
  nameLength: 22,
  /** What the bundle says for people, as JSON. */
  meta: 23,
} as const

/**
 *   leaf       blob, place
 *   choice     edges by number of listener, otherwise
 *   tls        to (encrypted), otherwise
 *   sender, recipient, localPart, client, destination, login, certificate, helo    table, otherwise
 *   size, hops limit (high and low half), over, within
 *   oracle     blob, place, listed, clear, error
 *   note       blob, place, to
 */
export const nodeKinds = {
  leaf: 0,
  choice: 1,
  sender: 2,
  recipient: 3,
  localPart: 4,
  client: 5,
  destination: 6,
  size: 7,
  hops: 8,
  oracle: 9,
  tls: 10,
  login: 11,
  certificate: 12,
  helo: 13,
  note: 14,
} as const

/**
 * A table of mailboxes. An entry of `domains`: exact to, place, suffix to, place, length, name (`packedName`); one of
 * `mailboxes`: to, place, text.
 */
export const mailboxTable = {
  domains: 0,
  domainMask: 1,
  mailboxes: 2,
  mailboxMask: 3,
  anyTo: 4,
  anyPlace: 5,
  nullTo: 6,
  nullPlace: 7,
  /** Labels of the shortest and the longest `*.suffix`: nothing else is looked up. 0: there are none. */
  minLabels: 8,
  maxLabels: 9,
  words: 10,
} as const

/** A table of names: slots of whole names and of those behind `*@`; an entry is [to, place, text]. */
export const nameTable = {
  names: 0,
  nameMask: 1,
  domains: 2,
  domainMask: 3,
  anyTo: 4,
  anyPlace: 5,
  words: 6,
} as const

/** Ranges in order: starts, and for each its row as [to, place]. `index`: first range of each upper half of an IPv4 address. */
export const addressTable = {
  count4: 0,
  starts4: 1,
  rows4: 2,
  index4: 3,
  count6: 4,
  /** Four words each. */
  starts6: 5,
  rows6: 6,
  words: 7,
} as const

/**
 * A slot: six bits of the hash, so that few entries are looked at in vain, and where the entry is, in steps of four words.
 * One word and not two: what decides the speed of a large table is how much of it the caches hold.
 */
export const tagMask = 0xfc00_0000 | 0
export const entryMask = 0x03ff_ffff

export function slotWord(hash: number, entry: number): number {
  if (entry % 4 !== 0 || entry / 4 > entryMask) throw new RangeError('the graph is too large: more than 1 GiB')
  return (hash & tagMask) | (entry / 4)
}

/** The octets of an ASCII name from the right, four to a word, so that a name and its suffixes begin alike. */
export function packedName(name: string): number[] {
  const words: number[] = new Array(Math.ceil(name.length / 4)).fill(0)
  for (let i = 0; i < name.length; i++) {
    words[i >>> 2]! |= name.charCodeAt(name.length - 1 - i) << ((i & 3) * 8)
  }
  return words
}

/** Fewer ranges are found faster without an index than the index's cache lines can be read. */
export const indexFrom = 256

/** Halves of a whole number below 2^53. */
export const high = (value: number): number => Math.floor(value / 0x1_0000_0000)
export const low = (value: number): number => value | 0

/** Over all words but its own. Finds what a torn write or a bad disk leaves; it is no signature. */
export function checksum(words: Int32Array): number {
  const lanes = newLanes()
  addWords(lanes, words, 4, words.length)
  return joined(lanes, words)
}

/** The same in slices, between which the event loop has its turn: a large block takes longer than a session may wait. */
export async function checksumInSlices(words: Int32Array): Promise<number> {
  const lanes = newLanes()
  for (let from = 4; from < words.length; from += wordsPerSlice) {
    if (from > 4) await new Promise((resolve) => setImmediate(resolve))
    addWords(lanes, words, from, Math.min(words.length, from + wordsPerSlice))
  }
  return joined(lanes, words)
}

/** A multiple of four; about a third of a millisecond. */
const wordsPerSlice = 1 << 18

const newLanes = () => Int32Array.of(0x811c9dc5, 0x1000193, 0x2c1b3c6d, 0x297a2d39)

function addWords(lanes: Int32Array, words: Int32Array, from: number, to: number): void {
  let [a, b, c, d] = lanes as unknown as [number, number, number, number]
  const end = to - ((to - from) % 4)
  for (let i = from; i < end; i += 4) {
    a = Math.imul(a ^ words[i]!, 0x01000193)
    b = Math.imul(b ^ words[i + 1]!, 0x01000193)
    c = Math.imul(c ^ words[i + 2]!, 0x01000193)
    d = Math.imul(d ^ words[i + 3]!, 0x01000193)
  }
  for (let i = end; i < to; i++) a = Math.imul(a ^ words[i]!, 0x01000193)
  lanes.set([a, b, c, d])
}

function joined(lanes: Int32Array, words: Int32Array): number {
  const [a, b, c, d] = lanes as unknown as [number, number, number, number]
  return a ^ turned(b, 7) ^ turned(c, 13) ^ turned(d, 19) ^ words[header.words]! ^ words[header.version]!
}

/** Turned, not shifted: a bit that falls off would be a bit that nobody checks. */
const turned = (word: number, by: number): number => (word << by) | (word >>> (32 - by))
