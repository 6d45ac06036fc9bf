import type { Log } from '../mail/log.ts'
import type { Disk } from './disk.ts'
import { writeSeal } from './log-writer.ts'
import { type Mark, markBytes, putMark, readMarks } from './mark.ts'
import { type MessageFacts, parseMessageText, parseStatesText } from './message-record.ts'
import { headerBytes, type RecordHeader, recordBytes } from './record.ts'
import { scan } from './scan.ts'
import type { Segment } from './segment.ts'
import { dataStart, readSeal, readSegmentHeader } from './segment-header.ts'
import { type SegmentPool, segmentNumber } from './segment-pool.ts'
import { spoolError } from './spool-error.ts'
import { type MemoryBudget, noChunks, type Piece, SpooledBody } from './stored-body.ts'
import { StoredEntry } from './stored-entry.ts'

export type Recovered = {
  /** Oldest first. */
  readonly entries: readonly StoredEntry[]
  readonly lastSequence: number
  readonly segments: number
  /** Octets behind the last whole record of a log that was not ended in order. */
  readonly tornBytes: number
  /** Places with whole records behind them that could not be read. */
  readonly damaged: number
}

type Context = {
  readonly disk: Disk
  readonly folder: string
  readonly pool: SegmentPool
  readonly memory: MemoryBudget
  readonly log: Log
}

/** What can only be decided when all segments are known. */
type Undecided = { readonly entry: StoredEntry; readonly facts: MessageFacts }

/** Reads every segment and its marks, and gives what still needs something. @throws SpoolError */
export async function recover(context: Context): Promise<Recovered> {
  const { disk, folder, pool, memory, log } = context
  let entries: StoredEntry[] = []
  const undecided: Undecided[] = []
  /** Of records that are done. */
  const doneSequences = new Set<number>()
  const broken: Broken[] = []
  let lastSequence = 0
  let tornBytes = 0
  let damaged = 0
  const numbers = disk.list(folder).flatMap((name) => segmentNumber(name) ?? [])
  const sealed: { segment: Segment; end: number }[] = []
  for (const number of numbers.sort((a, b) => a - b)) {
    const segment = pool.adopt(number)
    const first = Buffer.alloc(dataStart)
    const header = readSegmentHeader(first.subarray(0, segment.file.readNow(first, 0)))
    if (header === null || header.number !== number) continue
    pool.sawGeneration(header.generation)
    segment.generation = header.generation
    segment.inUse = true
    segment.sizeBytes = header.sizeBytes
    const end = readSeal(first, header.generation)
    const marks = marksOf(segment)
    for (const [sequence, { kind }] of marks) {
      if (kind === 'done') doneSequences.add(sequence)
    }
    const wholeChunks = new Set<number>()
    const unread: { readonly sequence: number; readonly id: string }[] = []
    const found = (record: RecordHeader, at: number, meta: () => Buffer): void => {
      lastSequence = Math.max(lastSequence, record.sequence)
      if (record.type === 'chunk') {
        if (end === null) wholeChunks.add(record.sequence)
        return
      }
      const mark = marks.get(record.sequence)
      if (mark !== undefined && mark.kind !== 'states') return
      const { facts, envelope } = parseMessageText(meta())
      const { sequence, metaBytes, bodyBytes: bytes, bodyCrc: crc } = record
      const piece = { segment, sequence, at: at + headerBytes + metaBytes, bytes, crc }
      const place = { piece, recordBytes: recordBytes(metaBytes, bytes), chunks: noChunks }
      const entry = new StoredEntry(facts, envelope, null, new SpooledBody(facts, place, memory))
      for (const change of facts.states) entry.apply(change)
      for (const text of mark?.texts ?? []) for (const change of parseStatesText(text)) entry.apply(change)
      entry.countOpen()
      if (facts.extents.length > 0 || facts.movedFrom !== null) undecided.push({ entry, facts })
      // Also one that needs nothing any more stands for the record that it was moved from.
      entries.push(entry)
    }
    const result = scan(segment, end, found, ({ sequence, type }, meta) => {
      if (type === 'message' && !marks.has(sequence)) {
        unread.push({ sequence, id: parseMessageText(meta()).facts.id })
      }
    })
    damaged += result.damagedAt.length
    for (const place of result.damagedAt) {
      log.error('spool.damaged', { segment: segment.path, position: place, what: 'a record is not what was written' })
    }
    if (end === null && result.end > dataStart) {
      tornBytes += result.tornBytes
      sealed.push({ segment, end: result.end })
      if (result.damagedAt.length > 0) broken.push({ segment, wholeChunks, unread })
    }
  }
  for (const one of broken) entries = withoutLost(one, entries, undecided, log)
  // What a torn write left behind the end must stay behind it, also when the log has gone on elsewhere.
  for (const { segment, end } of sealed) await sealNow(segment, end)
  const moved = new Set(undecided.map(({ facts }) => facts.movedFrom))
  for (const { place } of moved.size === 0 ? [] : entries) {
    // The old record is still here.
    if (moved.has(place.piece.sequence)) doneSequences.add(place.piece.sequence)
  }
  const without = new Set<StoredEntry>()
  for (const one of undecided) if (!isWhole(one, doneSequences, context)) without.add(one.entry)
  entries = entries.filter((entry) => entry.open > 0 && !without.has(entry))
  // Ids of one millisecond count on.
  entries.sort((a, b) => a.queuedAt - b.queuedAt || (a.id < b.id ? -1 : 1))
  return { entries, lastSequence, segments: numbers.length, tornBytes, damaged }
}

/** A segment that the log ended in, with whole records behind some that are not. */
type Broken = {
  readonly segment: Segment
  /** Sequences of its chunks that can be read. */
  readonly wholeChunks: ReadonlySet<number>
  /** Messages whose own record cannot be read. */
  readonly unread: readonly { readonly sequence: number; readonly id: string }[]
}

/**
 * Says which messages are lost, and marks them as done: later starts believe what is sealed, and would find them again,
 * not to be delivered and not to be read.
 */
function withoutLost(
  { segment, wholeChunks, unread }: Broken,
  entries: readonly StoredEntry[],
  undecided: readonly Undecided[],
  log: Log,
): StoredEntry[] {
  const lost = [...unread]
  const without = new Set<StoredEntry>()
  for (const { entry, facts } of undecided) {
    const isHere = ([number, generation, sequence]: MessageFacts['extents'][number]) =>
      number === segment.number && generation === segment.generation && !wholeChunks.has(sequence)
    const { piece } = entry.place
    if (!facts.extents.some(isHere) || piece.segment !== segment) continue
    lost.push({ sequence: piece.sequence, id: facts.id })
    without.add(entry)
  }
  for (const { sequence, id } of lost) {
    log.error('spool.damaged', { segment: segment.path, id, what: 'the message is not what was written, and is lost' })
    const mark: Mark = { sequence, kind: 'done', text: '' }
    const octets = Buffer.alloc(markBytes(mark))
    putMark(octets, 0, segment.generation, mark)
    segment.marks.writeNow(octets, segment.marksEnd)
    segment.marksEnd += octets.length
  }
  return entries.filter((entry) => !without.has(entry))
}

/** `false`: another record stands for it, or what it needs is not there any more, as it was done. */
function isWhole({ entry, facts }: Undecided, replacing: ReadonlySet<number>, { pool, log }: Context): boolean {
  // A move that was not finished: the record it was made from still counts, or was done meanwhile.
  if (facts.movedFrom !== null && replacing.has(facts.movedFrom)) return false
  const chunks: Piece[] = []
  for (const [number, generation, sequence, at, bytes, crc] of facts.extents) {
    const segment = pool.segments.get(number)
    if (segment?.generation !== generation) {
      // Its segment is used again only after the message was done: the mark that said so was lost in a power cut.
      log.warn('spool.message-was-done', { id: facts.id })
      return false
    }
    chunks.push({ segment, sequence, at, bytes, crc })
  }
  if (chunks.length > 0) entry.body.place = { ...entry.place, chunks }
  return true
}

type Marked = { readonly kind: Mark['kind']; readonly texts: string[] }

function marksOf(segment: Segment): ReadonlyMap<number, Marked> {
  const { marks: file } = segment
  const source = Buffer.allocUnsafe(file.sizeBytes())
  const { marks, end } = readMarks(source.subarray(0, file.readNow(source, 0)), segment.generation)
  segment.marksEnd = end
  const bySequence = new Map<number, Marked>()
  for (const { sequence, kind, text } of marks) {
    const known = bySequence.get(sequence)
    if (kind !== 'states') bySequence.set(sequence, { kind, texts: [] })
    else if (known === undefined) bySequence.set(sequence, { kind, texts: [text] })
    else if (known.kind === 'states') known.texts.push(text)
  }
  return bySequence
}

/** First what was marked: when the seal is there, nobody looks again. */
function sealNow(segment: Segment, end: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null): void => {
      if (error === null) resolve()
      else reject(spoolError(`seal ${segment.path}`, error))
    }
    segment.marks.sync((error) => {
      if (error === null) writeSeal(segment, end, done)
      else done(error)
    })
  })
}
