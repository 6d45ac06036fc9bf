import { mkdir, open, readdir, rmdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ArchiveFolder as Settings } from '../../mail/archive-settings.ts'
import { unstuffed } from '../../message/dots.ts'
import type { QueueEntry } from '../entry.ts'
import { timeOfId } from '../id.ts'
import { factsOf } from './facts.ts'

/** One folder for each hour, so that what is old is found without looking at every file. */
const bucketForm = /^\d{4}-\d{2}-\d{2}T\d{2}$/
const hourMs = 3_600_000
/** Files looked at or removed in one turn of the event loop. */
const perTurn = 100

/**
 * Messages and what became of them, in files of this machine: `2026-11-21T19/ID.eml` and `ID.json`. Names are made of ids
 * of ours alone. Age and size are held by removing the oldest hours, in the background.
 *
 * closed    knows nothing of what is there
 * counting  the first look at what is there; writes are counted meanwhile
 * ready
 */
export class ArchiveFolder {
  readonly dir: string
  /** Octets, as far as they have been counted. */
  bytes = 0
  messages = 0
  private readonly synced: boolean
  private readonly buckets = new Map<string, { bytes: number; messages: number }>()
  private sweeping: Promise<void> | null = null
  private counted = false
  private isClosed = false

  /** @param synced a copy is on stable storage before the message leaves the queue */
  constructor(dir: string, synced: boolean) {
    this.dir = dir
    this.synced = synced
  }

  /** @throws the error of the file system; nothing is left of the copy then */
  async write(entry: QueueEntry, now: number): Promise<void> {
    const bucket = new Date(now).toISOString().slice(0, 13)
    const folder = join(this.dir, bucket)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const message = join(folder, `${entry.id}.eml`)
    const facts = join(folder, `${entry.id}.json`)
    try {
      const stored = entry.body.chunks ?? entry.body.read()
      const size = await this.put(message, entry.body.dots ? unstuffed(stored) : stored)
      // The last one: a message without it is half a copy, and none.
      const more = await this.put(facts, [Buffer.from(`${JSON.stringify(factsOf(entry, now), null, 2)}\n`)])
      if (this.synced) await syncedNames(folder)
      this.count(bucket, size + more, 1)
    } catch (error) {
      await unlink(facts).catch(() => {})
      await unlink(message).catch(() => {})
      throw error
    }
  }

  /** Ids of all copies with the hour they are in, the latest hour first. */
  async *list(): AsyncGenerator<{ readonly bucket: string; readonly id: string }, void, void> {
    for (const bucket of (await this.names('')).filter((name) => bucketForm.test(name)).reverse()) {
      for (const name of await this.names(bucket)) {
        const id = name.endsWith('.json') ? name.slice(0, -5) : ''
        if (timeOfId(id) !== null) yield { bucket, id }
      }
    }
  }

  paths(bucket: string, id: string): { readonly message: string; readonly facts: string } {
    return { message: join(this.dir, bucket, `${id}.eml`), facts: join(this.dir, bucket, `${id}.json`) }
  }

  /** The copy was taken out. */
  async remove(bucket: string, id: string): Promise<void> {
    const { message, facts } = this.paths(bucket, id)
    const bytes = (await sizeOf(message)) + (await sizeOf(facts))
    await unlink(facts).catch(() => {})
    await unlink(message).catch(() => {})
    this.count(bucket, -bytes, -1)
  }

  /** Removes what is too old or too much. One at a time; what is asked meanwhile is done by the one that runs. */
  sweep(settings: Settings, now: number): Promise<void> {
    this.sweeping ??= this.sweepNow(settings, now).finally(() => {
      this.sweeping = null
    })
    return this.sweeping
  }

  async close(): Promise<void> {
    this.isClosed = true
    await this.sweeping?.catch(() => {})
  }

  private async sweepNow({ keepMs, maxBytes }: Settings, now: number): Promise<void> {
    if (!this.counted) await this.countAll()
    for (const [bucket] of [...this.buckets].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const isOld = Date.parse(`${bucket}:00:00Z`) + hourMs + keepMs < now
      if (this.isClosed || (!isOld && this.bytes <= maxBytes)) return
      await this.empty(bucket, isOld ? 0 : maxBytes)
    }
  }

  /** Removes files of one hour, the oldest message first, until `enough` octets are left in all of the archive. */
  private async empty(bucket: string, enough: number): Promise<void> {
    let turn = 0
    const names = await this.names(bucket)
    for (const name of names) {
      if (this.isClosed || (enough > 0 && this.bytes <= enough)) return
      const path = join(this.dir, bucket, name)
      const bytes = await sizeOf(path)
      await unlink(path).catch(() => {})
      this.count(bucket, -bytes, name.endsWith('.json') ? -1 : 0)
      if (++turn % perTurn === 0) await nextTurn()
    }
    // Another write may have come into it.
    await rmdir(join(this.dir, bucket)).then(
      () => this.forget(bucket),
      () => {},
    )
  }

  private async countAll(): Promise<void> {
    const before = new Map([...this.buckets].map(([bucket, { bytes, messages }]) => [bucket, { bytes, messages }]))
    let turn = 0
    for (const bucket of await this.names('')) {
      if (!bucketForm.test(bucket)) continue
      // What was written since the start of this process has been counted.
      if (before.has(bucket)) this.forget(bucket)
      for (const name of await this.names(bucket)) {
        if (this.isClosed) return
        this.count(bucket, await sizeOf(join(this.dir, bucket, name)), name.endsWith('.json') ? 1 : 0)
        if (++turn % perTurn === 0) await nextTurn()
      }
    }
    this.counted = true
  }

  private count(bucket: string, bytes: number, messages: number): void {
    const known = this.buckets.get(bucket) ?? { bytes: 0, messages: 0 }
    known.bytes += bytes
    known.messages += messages
    this.buckets.set(bucket, known)
    this.bytes += bytes
    this.messages += messages
  }

  private forget(bucket: string): void {
    const known = this.buckets.get(bucket)
    this.buckets.delete(bucket)
    this.bytes -= known?.bytes ?? 0
    this.messages -= known?.messages ?? 0
  }

  /** Sorted; none of a folder that is not there. */
  private async names(bucket: string): Promise<string[]> {
    const names = await readdir(join(this.dir, bucket)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
      throw error
    })
    return names.sort()
  }

  private async put(path: string, octets: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<number> {
    // An older copy of the same id is one that a crash came after.
    const file = await open(path, 'w', 0o600)
    try {
      let bytes = 0
      for await (const piece of octets) bytes += (await file.write(piece)).bytesWritten
      if (this.synced) await file.datasync()
      return bytes
    } finally {
      await file.close()
    }
  }
}

const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(() => null))?.size ?? 0
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The names in it are on stable storage. */
async function syncedNames(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
