import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Log } from '../mail/log.ts'

/** Lines that a file may have beyond twice what is still true before it is written anew. */
const slackLines = 2000
/** Lines of one write while a file is written anew: sessions are served in between. */
const perWrite = 500
/** A file beyond it is none of ours. */
const maxFileBytes = 64 * 1024 * 1024

export type AbuseFileParts = {
  readonly file: string
  readonly log: Log
  /** All that is true, as lines. Read bit by bit: what changes meanwhile follows as a line of its own. */
  readonly snapshot: () => Iterable<string>
}

/**
 * Bans and lock-outs in the state folder, a line for each change, so that a restart is no amnesty. Nobody waits for it:
 * a power cut may lose the last seconds of it, and who goes on as before is banned again. States at a start:
 *   none         nobody was banned
 *   whole        read, and written anew without what is over
 *   torn         the last line is unfinished: a crash; that line is left out
 *   unreadable   a line is none of ours: told, and left out. An operator's own bans are overlays, which are stricter
 *   *.tmp        a crash while it was written anew. Removed
 */
export class AbuseFile {
  private readonly parts: AbuseFileParts
  private handle: FileHandle | null = null
  private pending: string[] = []
  private writing: Promise<void> | null = null
  private lines = 0
  private live = 0
  private isFailing = false
  private isClosed = false

  constructor(parts: AbuseFileParts) {
    this.parts = parts
  }

  /** Gives every line to `read`, which says whether it was one of ours, and writes the file anew. */
  async open(read: (line: string) => boolean): Promise<void> {
    const { file, log } = this.parts
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await rm(`${file}.tmp`, { force: true })
    const text = await this.stored()
    const lines = text.split('\n')
    // What follows the last line feed is nothing, or unfinished.
    lines.pop()
    let wrong = 0
    for (const line of lines) if (!read(line)) wrong++
    if (wrong > 0) log.error('bans.unreadable', { file, lines: wrong })
    await this.rewrite()
  }

  /** Something changed. */
  add(line: string): void {
    if (this.isClosed) return
    this.pending.push(line)
    this.writing ??= this.writeAll()
  }

  async close(): Promise<void> {
    await this.writing
    this.isClosed = true
    await this.handle?.close()
    this.handle = null
  }

  private async stored(): Promise<string> {
    const { file, log } = this.parts
    try {
      const handle = await open(file, 'r')
      try {
        const { size } = await handle.stat()
        if (size <= maxFileBytes) return await readFile(handle, 'utf8')
        log.error('bans.unreadable', { file, lines: null })
      } finally {
        await handle.close()
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    return ''
  }

  /** What came while the write before was under way goes out in one. */
  private async writeAll(): Promise<void> {
    // Not in the turn of whoever was banned: the others of this turn join.
    await null
    while (this.pending.length > 0) {
      const lines = this.pending
      this.pending = []
      try {
        if (this.lines + lines.length > 2 * this.live + slackLines) await this.rewrite()
        else {
          await this.handle?.appendFile(`${lines.join('\n')}\n`)
          this.lines += lines.length
        }
        this.isFailing = false
      } catch (error) {
        // Told once: a full disk is told of by the spool, and bans hold in memory all the same.
        if (!this.isFailing) this.parts.log.error('bans.not-stored', { error: (error as Error).message })
        this.isFailing = true
        // What was left out has to be there again: with the next change all is written.
        this.lines = Number.POSITIVE_INFINITY
      }
    }
    this.writing = null
  }

  /** A crash leaves the old file or the new one. */
  private async rewrite(): Promise<void> {
    const { file, snapshot } = this.parts
    const temporary = `${file}.tmp`
    const handle = await open(temporary, 'w', 0o600)
    let count = 0
    try {
      let text = ''
      for (const line of snapshot()) {
        text += `${line}\n`
        if (++count % perWrite > 0) continue
        await handle.appendFile(text)
        text = ''
      }
      await handle.appendFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
    await this.handle?.close()
    this.handle = await open(file, 'a', 0o600)
    this.lines = count
    this.live = count
  }
}
