import { resolve } from 'node:path'
import type { ArchiveSettings } from '../../mail/archive-settings.ts'
import type { Clock, Timer } from '../../mail/clock.ts'
import type { Log } from '../../mail/log.ts'
import type { QueueEntry } from '../entry.ts'
import { Fifo } from '../fifo.ts'
import { ArchiveFolder } from './archive-folder.ts'

export type ArchiveOptions = {
  readonly stateDir: string
  /** Asked at each message: the gateway may have another graph by then. */
  readonly settings: () => ArchiveSettings | undefined
  readonly clock: Clock
  readonly log: Log
}

export const archiveKinds = ['sent', 'failed'] as const
export type ArchiveKind = (typeof archiveKinds)[number]

export type ArchiveTally = { kept: number; lost: number }

/** Copies that are written at one moment, and that may wait for it: mail does not wait for an archive. */
const writers = 4
const maxWaiting = 1000
const sweepMs = 60_000
/** A full disk is told once in such a time, with a count. */
const tellMs = 60_000

type Waiting = { readonly entry: QueueEntry; readonly kinds: readonly ArchiveKind[]; readonly done: () => void }

/**
 * Keeps copies of what leaves the queue. Whatever happens to a copy, the message leaves: a disk that is full, slow or gone
 * costs the archive and nothing else, and is told of.
 */
export class Archive {
  readonly tallies: Readonly<Record<ArchiveKind, ArchiveTally>> = {
    sent: { kept: 0, lost: 0 },
    failed: { kept: 0, lost: 0 },
  }
  private readonly options: ArchiveOptions
  private readonly folders = new Map<string, ArchiveFolder>()
  private readonly waiting = new Fifo<Waiting>()
  private waits = 0
  private writing = 0
  private untold = 0
  private toldAt = Number.NEGATIVE_INFINITY
  private timer: Timer | null = null

  constructor(options: ArchiveOptions) {
    this.options = options
  }

  /** Copies on their way. */
  get pending(): number {
    return this.waits + this.writing
  }

  /** In which archives a message belongs that is over: almost always none are kept. */
  kindsFor(recipients: readonly { readonly state: string }[]): readonly ArchiveKind[] {
    const settings = this.options.settings()
    if (settings === undefined) return none
    const kinds: ArchiveKind[] = []
    if (settings.sent !== undefined && recipients.some(({ state }) => state === 'delivered')) kinds.push('sent')
    if (settings.failed !== undefined && recipients.some(({ state }) => state === 'failed')) kinds.push('failed')
    return kinds
  }

  /** Calls back when the copies are written, or are not going to be. Until then the entry can be read. */
  keep(entry: QueueEntry, kinds: readonly ArchiveKind[], done: () => void): void {
    if (this.waits >= maxWaiting) {
      for (const kind of kinds) this.lost(kind, entry.id, 'the disk is slower than the mail')
      done()
      return
    }
    this.waits++
    this.waiting.push({ entry, kinds, done })
    this.work()
  }

  /** The folder of an archive; `null`: the document has none. */
  folder(kind: ArchiveKind): ArchiveFolder | null {
    const settings = this.options.settings()?.[kind]
    if (settings === undefined) return null
    const dir = resolve(this.options.stateDir, settings.dir)
    let folder = this.folders.get(dir)
    if (folder === undefined) {
      folder = new ArchiveFolder(dir, kind === 'failed')
      this.folders.set(dir, folder)
    }
    return folder
  }

  /** Looks after age and size, now and then. */
  start(): void {
    const { clock, settings } = this.options
    this.timer = clock.setTimeout(() => {
      const swept = settings() === undefined ? Promise.resolve() : this.sweep()
      void swept.then(() => {
        if (this.timer !== null) this.start()
      })
    }, sweepMs)
  }

  async sweep(): Promise<void> {
    const { clock, log, settings } = this.options
    for (const kind of archiveKinds) {
      const wanted = settings()?.[kind]
      const folder = this.folder(kind)
      if (wanted === undefined || folder === null) continue
      await folder.sweep(wanted, clock.now()).catch((error: Error) => {
        log.error('archive.not-swept', { archive: kind, dir: folder.dir, why: error.message })
      })
    }
  }

  async close(): Promise<void> {
    this.timer?.cancel()
    this.timer = null
    await Promise.all([...this.folders.values()].map((folder) => folder.close()))
  }

  private work(): void {
    while (this.writing < writers) {
      const next = this.waiting.shift()
      if (next === undefined) return
      this.waits--
      this.writing++
      // What goes wrong in it is told there.
      void this.write(next).then(() => {
        this.writing--
        next.done()
        this.work()
      })
    }
  }

  private async write({ entry, kinds }: Waiting): Promise<void> {
    for (const kind of kinds) {
      try {
        const folder = this.folder(kind)
        if (folder === null) continue
        await folder.write(entry, this.options.clock.now())
        this.tallies[kind].kept++
      } catch (error) {
        this.lost(kind, entry.id, (error as Error).message)
      }
    }
  }

  private lost(archive: ArchiveKind, id: string, why: string): void {
    const { clock, log } = this.options
    this.tallies[archive].lost++
    this.untold++
    if (clock.now() - this.toldAt < tellMs) return
    this.toldAt = clock.now()
    log.error('archive.lost', { id, archive, why, copies: this.untold })
    this.untold = 0
  }
}

const none: readonly ArchiveKind[] = []
