import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Case, Fate } from '../../analysis/suite-case.ts'
import { endingsOf, type Traced } from '../../analysis/suite-endings.ts'
import { demandsOf } from '../../analysis/suite-today.ts'
import { fateText } from '../../analysis/suite-words.ts'
import { bareLine } from '../../graph/evaluator.ts'
import type { Described } from '../../graph/explanation.ts'
import type { Graph, Outcome } from '../../graph/graph.ts'
import type { Interpreter } from '../../graph/interpret.ts'
import { lineOf } from '../../graph/message-text.ts'
import { mailboxKey } from '../../graph/pattern.ts'
import { type EnvelopeRecord, parseEnvelopeLine } from '../../mail/envelope-record.ts'
import { parseIp } from '../../mail/ip.ts'
import { parseMailbox } from '../../mail/path.ts'
import { CommandError } from '../run.ts'
import { knownOf } from './read-cases.ts'

type LoggedCase = Omit<Case, 'suite' | 'place'>

export type FromLog = {
  /** One for each way in which the document decided. */
  readonly cases: readonly LoggedCase[]
  readonly records: number
  /** Lines that are no records, and records of what this document does not have. */
  readonly unreadable: number
  /** Of these the document says something else than what the gateway answered. */
  readonly otherwise: number
}

/** Makes tests of recorded envelopes: what came of each is what is expected, as far as the document says so too. */
export async function casesFromLog(file: string, graph: Graph, evaluator: Interpreter): Promise<FromLog> {
  const known = knownOf(graph)
  const cases = new Map<string, LoggedCase>()
  let records = 0
  let unreadable = 0
  let otherwise = 0
  const add = (record: EnvelopeRecord | null): void => {
    records++
    const message = record === null ? null : messageOf(record, known.listeners)
    if (record === null || message === null) {
      unreadable++
      return
    }
    const answers = new Map(Object.entries(record.answers))
    const [ending, ...more] = endingsOf(evaluator, message, answers)
    // Another answer is needed than was recorded, or something else comes of it: another document was live then.
    if (ending === undefined || more.length > 0 || !agrees(ending.fate, record)) {
      otherwise++
      return
    }
    const way = wayOf(ending, message)
    if (!cases.has(way)) cases.set(way, smallest(message, answers, ending, evaluator))
  }
  for await (const line of createInterface({ input: await opened(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line === '') continue
    const found = parseEnvelopeLine(line)
    if (found.length === 0) add(null)
    for (const record of found) add(record)
  }
  return { cases: [...cases.values()], records, unreadable, otherwise }
}

async function opened(file: string): Promise<Readable> {
  if (file === '-') return process.stdin
  const stream = createReadStream(file)
  await new Promise((resolve, reject) => stream.once('open', resolve).once('error', reject)).catch((error: Error) => {
    throw new CommandError(`--from-log: the envelopes cannot be read: ${error.message}`)
  })
  return stream
}

/** `null` for what this document has no words for. */
function messageOf(record: EnvelopeRecord, listeners: readonly string[]): Described | null {
  const { listener, from, to, size, hops } = record
  const client = parseIp(record.client)
  const sender = from === null || from === '<>' ? null : parseMailbox(from)
  const recipient = to === null ? null : parseMailbox(to)
  if (!client.ok || !listeners.includes(listener) || sender?.ok === false || recipient?.ok === false) return null
  return {
    ...lineOf(record),
    listener,
    client: client.value,
    sender: from === null ? undefined : (sender?.value ?? null),
    recipient: recipient?.value ?? null,
    sizeBytes: size,
    hops,
  }
}

/** The gateway's stage `rcpt` holds the route too; the words of a reply may have changed. */
const agrees = (fate: Fate, { verdict, code }: EnvelopeRecord): boolean =>
  fate.kind === verdict && (fate.kind === 'accepted' || fate.code === code)

/** Two messages that the same elements decide, and that come to the same, test the same. */
function wayOf({ fate, deciders }: Traced, { listener }: Described): string {
  const text =
    fate.kind === 'refused'
      ? fateText(fate)
      : [...fate.finals.map(({ way }) => JSON.stringify(way)), ...(fate.tags ?? [])].join()
  return JSON.stringify([listener, deciders.map(({ stage, at }) => `${stage} ${at}`), text])
}

/** Size and hops only where they matter. */
function smallest(
  message: Described,
  answers: ReadonlyMap<string, Outcome>,
  ending: Traced,
  evaluator: Interpreter,
): LoggedCase {
  const bare = { ...message, sizeBytes: null, hops: null }
  // Of the line, which every record has, no less than a test needs.
  const shorter = [{ ...bare, ...bareLine }, { ...bare, helo: null }, bare, { ...message, hops: null }].find((one) => {
    const [other] = endingsOf(evaluator, one, answers)
    return other !== undefined && wayOf(other, one) === wayOf(ending, message)
  })
  const { recipient } = message
  const demands = demandsOf(ending, recipient === null ? null : mailboxKey(recipient))
  return { name: null, message: shorter ?? message, assume: ending.answers, demands }
}
