import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Envelope } from '../../mail/envelope.ts'
import type { Log } from '../../mail/log.ts'
import { stuffed } from '../../message/dots.ts'
import { timeOfId } from '../id.ts'
import type { Inlet, Intake } from '../intake.ts'
import type { ArchiveFolder } from './archive-folder.ts'
import { type ArchivedFacts, envelopeOf, parseFacts } from './facts.ts'

/** Which failed messages; of several conditions each holds. Nothing but `all` means all. */
export type Lost = {
  readonly ids: readonly string[]
  readonly all: boolean
  /** A whole address. */
  readonly recipient: string | null
  /** Of a recipient. */
  readonly domain: string | null
  readonly sender: string | null
  /** Epoch ms: archived then or later. */
  readonly since: number | null
}

export type Resurrected = {
  /** In the archive, and now in the queue (`null`: only counted). */
  readonly id: string
  readonly as: string | null
  readonly sender: string
  readonly recipients: readonly string[]
  readonly archivedAt: number
  readonly reply: string | null
}

export type Resurrection = {
  readonly messages: number
  readonly recipients: number
  /** The first thousand of them. */
  readonly rows: readonly Resurrected[]
  /** What could not be taken back, in words; it stays in the archive. */
  readonly problems: readonly string[]
}

const maxRows = 1000

/**
 * Puts failed mail back into the queue, for the recipients that had failed, as a message of its own with a new id; the
 * active graph says where it goes. It leaves the archive when it is on stable storage, so that it is in one of both.
 */
export async function resurrect(
  folder: ArchiveFolder,
  lost: Lost,
  { inlet, dryRun, log }: { readonly inlet: Inlet; readonly dryRun: boolean; readonly log: Log },
): Promise<Resurrection> {
  const rows: Resurrected[] = []
  const problems: string[] = []
  let messages = 0
  let recipients = 0
  for (const id of lost.ids) if (timeOfId(id) === null) problems.push(`${id}: no id of a message`)
  const missing = new Set(lost.ids.filter((id) => timeOfId(id) !== null))
  for await (const { bucket, id } of folder.list()) {
    if (lost.ids.length > 0 && !missing.has(id)) continue
    const { facts: path, message } = folder.paths(bucket, id)
    const facts = parseFacts(await readFile(path, 'utf8').catch(() => ''))
    if (facts === null) {
      if (missing.has(id)) problems.push(`${id}: its facts cannot be read (${path})`)
      missing.delete(id)
      continue
    }
    const failed = failedOf(facts)
    if (failed.length === 0 || !isMeant(facts, failed, lost)) continue
    missing.delete(id)
    let as: string | null = null
    if (!dryRun) {
      try {
        as = await putBack(envelopeFor(facts, failed), message, inlet)
        await folder.remove(bucket, id)
        log.info('message.resurrected', { id: as, of: id, recipients: failed.length })
      } catch (error) {
        problems.push(`${id}: ${(error as Error).message}`)
        continue
      }
    }
    messages++
    recipients += failed.length
    const [first] = failed
    if (rows.length < maxRows) {
      const { from, archivedAt } = facts
      const to = failed.map((index) => facts.recipients[index]!.to)
      rows.push({ id, as, sender: from, recipients: to, archivedAt, reply: facts.recipients[first!]!.reply })
    }
    if (lost.ids.length > 0 && missing.size === 0) break
  }
  for (const id of missing) problems.push(`${id}: not in the archive of failed messages`)
  return { messages, recipients, rows, problems }
}

const failedOf = ({ recipients }: ArchivedFacts): number[] =>
  recipients.flatMap(({ state }, index) => (state === 'failed' ? [index] : []))

function isMeant(facts: ArchivedFacts, failed: readonly number[], lost: Lost): boolean {
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()
  const to = failed.map((index) => facts.recipients[index]!.to)
  if (lost.since !== null && facts.archivedAt < lost.since) return false
  if (lost.sender !== null && !same(facts.from, lost.sender)) return false
  if (lost.recipient !== null && !to.some((one) => same(one, lost.recipient!))) return false
  return lost.domain === null || to.some((one) => same(one.slice(one.lastIndexOf('@') + 1), lost.domain!))
}

function envelopeFor(facts: ArchivedFacts, failed: readonly number[]): Envelope {
  const envelope = envelopeOf(facts)
  return { ...envelope, recipients: failed.map((index) => envelope.recipients[index]!) }
}

/** Gives the new id. @throws Error, SpoolError */
async function putBack(envelope: Envelope, path: string, inlet: Inlet): Promise<string> {
  let resume: () => void = () => {}
  const intake: Intake | null = inlet.begin(() => resume())
  if (intake === null) throw new Error('the spool takes nothing at the moment')
  let dots = false
  let eightBit = false
  let committed = false
  try {
    // Its lines end in CRLF: what ends without one was not written to its end.
    let last: Buffer = Buffer.alloc(0)
    for await (const piece of stuffed(createReadStream(path) as AsyncIterable<Buffer>)) {
      if (piece.length === 1 && piece[0] === 46) dots = true
      if (!eightBit) for (const octet of piece) if (octet > 127) eightBit = true
      last = Buffer.concat([last, piece]).subarray(-2)
      if (!intake.write(piece)) await new Promise<void>((ready) => (resume = ready))
    }
    if (last.toString('latin1') !== '\r\n') throw new Error('its content is not whole')
    committed = true
    await new Promise<void>((stored, failed) => {
      intake.commit(envelope, { dots, eightBit }, (error) => (error === null ? stored() : failed(error)))
    })
    return intake.id
  } finally {
    if (!committed) intake.abort()
  }
}
