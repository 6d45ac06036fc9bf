import type { Log } from '../mail/log.ts'
import type { Disk } from './disk.ts'
import { writeSeal } from './log-writer.ts'
import { type Mark, readMarks } from './mark.ts'
import { type MessageFacts, parseMessageText, parseStatesText } from './message-record.ts'
import { headerBytes, recordBytes } from './record.ts'
import { scan } from './scan.ts'
import type { Segment } from './segment.ts'
import { dataStart, readSeal, readSegmentHeader } from './segment-header.ts'
import { type SegmentPool, segmentNumber } from './segment-pool.ts'
import { spoolError } from './spool-error.ts'
import { type MemoryBudget, type Piece, SpooledBody } from './stored-body.ts'
import { type Place, StoredEntry } from './stored-entry.ts'

export type Recovered = {
  /** Oldest first. */
  readonly entries: readonly StoredEntry[]
  readonly lastSequence: number
  readonly segments: number
  /** Octets behind the last whole record of a log that was not ended in order. */
  readonly tornBytes: number
  /** Places in sealed segments that could not be read. */
  readonly damaged: number
}

type Context = {
  readonly disk: Disk
  readonly folder: string
  readonly pool: SegmentPool
  readonly memory: MemoryBudget
  readonly log: Log
}

/** A message's record, as found. Its chunks are looked for when all segments are known. */
type Found = {
  readonly segment: Segment
  readonly sequence: number
  readonly facts: MessageFacts
  readonly envelope: string
  readonly piece: Piece
  readonly recordBytes: number
  readonly states: readonly string[]
}

/** Reads every segment and its marks, and gives what still needs something. @throws SpoolError */
export async function recover(context: Context): Promise<Recovered> {
  const { disk, folder, pool, log } = context
  const found = new Map<number, Found>()
  const doneSequences = new Set<number>()
  const goneSequences = new Set<number>()
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
      if (kind === 'gone') goneSequences.add(sequence)
    }
    const result = scan(segment, end, (record, at, meta) => {
      lastSequence = Math.max(lastSequence, record.sequence)
      if (record.type === 'chunk') return
      const mark = marks.get(record.sequence)
      if (mark !== undefined && mark.kind !== 'states') return
      const { facts, envelope } = parseMessageText(meta())
      found.set(record.sequence, {
        segment,
        sequence: record.sequence,
        facts,
        envelope,
        piece: {
          segment,
          sequence: record.sequence,
          at: at + headerBytes + record.metaBytes,
          bytes: record.bodyBytes,
          crc: record.bodyCrc,
        },
        recordBytes: recordBytes(record.metaBytes, record.bodyBytes),
        states: mark?.texts ?? [],
      })
    })
    damaged += result.damagedAt.length
    for (const place of result.damagedAt) {
      log.error('spool.damaged', { segment: segment.path, position: place, what: 'a record is not what was written' })
    }
    if (end === null && result.end > dataStart) {
      tornBytes += result.tornBytes
      sealed.push({ segment, end: result.end })
    }
  }
  // What a torn write left behind the end must stay behind it, also when the log has gone on elsewhere.
  for (const { segment, end } of sealed) await sealNow(segment, end)
  const entries: StoredEntry[] = []
  for (const one of found.values()) {
    const entry = entryOf(one, found, doneSequences, context)
    if (entry !== null) entries.push(entry)
  }
  // Ids of one millisecond count on.
  entries.sort((a, b) => a.queuedAt - b.queuedAt || (a.id < b.id ? -1 : 1))
  return { entries, lastSequence, segments: numbers.length, tornBytes, damaged }
}

/** `null`: it needs nothing any more, or another record stands for it. */
function entryOf(
  one: Found,
  found: ReadonlyMap<number, Found>,
  doneSequences: ReadonlySet<number>,
  { pool, memory, log }: Context,
): StoredEntry | null {
  const { facts } = one
  // A move that was not finished: the record it was made from still counts, or was done meanwhile.
  if (facts.movedFrom !== null && (found.has(facts.movedFrom) || doneSequences.has(facts.movedFrom))) return null
  const chunks: Piece[] = []
  for (const [number, generation, sequence, at, bytes, crc] of facts.extents) {
    const segment = pool.segments.get(number)
    if (segment?.generation !== generation) {
      // Its segment is used again only after the message was done: the mark that said so was lost in a power cut.
      log.warn('spool.message-was-done', { id: facts.id })
      return null
    }
    chunks.push({ segment, sequence, at, bytes, crc })
  }
  const place: Place = { piece: one.piece, recordBytes: one.recordBytes, chunks }
  const body = new SpooledBody(facts, [...chunks, one.piece], memory)
  const entry = new StoredEntry(facts, one.envelope, null, body, place)
  for (const change of facts.states) entry.apply(change)
  for (const text of one.states) for (const change of parseStatesText(text)) entry.apply(change)
  entry.countOpen()
  return entry.open === 0 ? null : entry
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

function sealNow(segment: Segment, end: number): Promise<void> {
  return new Promise((resolve, reject) => {
    writeSeal(segment, end, (error) => {
      if (error === null) resolve()
      else reject(spoolError(`seal ${segment.path}`, error))
    })
  })
}
