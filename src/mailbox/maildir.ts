import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { oneLine } from '../message/fold.ts'
import type { QueueEntry } from '../queue/entry.ts'
import { fileName, mailboxFolder } from './folder-name.ts'
import { GroupSync, sync } from './group-sync.ts'
import { PlainLines } from './plain-lines.ts'

/** No folder can be named for the mailbox: nothing that waiting would change. */
export class NoSuchFolder extends Error {
  override name = 'NoSuchFolder'
}

const createNew = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW

/** Folders known to exist; forgotten when there are more. */
const maxKnown = 10_000

/**
 * Writes messages into maildirs (https://cr.yp.to/proto/maildir.html): a file in `tmp`, synced, renamed into `new`, and
 * the folder synced. A reader sees a whole message or none, and what was reported as delivered survives a power cut.
 *
 * The name of the file is made of queue id and recipient. So when a crash comes between the delivery and the queue's
 * note of it, the second delivery replaces the first and nothing is doubled.
 */
export class Maildir {
  private readonly hostname: string
  private readonly folders = new GroupSync()
  private readonly known = new Set<string>()

  constructor(hostname: string) {
    this.hostname = hostname
  }

  /**
   * Delivers to one recipient. `again`: it may have been delivered before, and a reader may have moved it to `cur`.
   * @throws NoSuchFolder, SpoolError, and the error of the file system
   */
  async deliver(dir: string, entry: QueueEntry, recipient: number, again: boolean): Promise<void> {
    const { mailbox } = entry.envelope.recipients[recipient]!
    const folder = mailboxFolder(dir, mailbox)
    if (folder === null) throw new NoSuchFolder(`no folder can be named for ${mailbox.text}`)
    const name = fileName(entry.queuedAt, entry.id, recipient, this.hostname)
    const found = again ? await find(folder, name) : null
    // Its content was synced before it had its name; the name may not be, if only the process died and not the machine.
    if (found === 'new') await this.folders.sync(join(folder, 'new'))
    if (found !== null) return
    if (!this.known.has(folder)) await this.create(folder)
    const temporary = join(folder, 'tmp', name)
    try {
      await write(temporary, traceFields(entry, recipient), entry)
      await rename(temporary, join(folder, 'new', name))
    } catch (error) {
      // Somebody may have removed the folder: the next attempt makes it anew.
      this.known.delete(folder)
      await unlink(temporary).catch(() => {})
      throw error
    }
    await this.folders.sync(join(folder, 'new'))
  }

  private async create(folder: string): Promise<void> {
    for (const name of ['tmp', 'new', 'cur']) {
      const first = await mkdir(join(folder, name), { recursive: true, mode: 0o700 })
      if (first === undefined) continue
      // A folder is only there after a crash when the one that holds it was synced, up to the first that was made.
      for (let path = join(folder, name); path.length >= first.length; path = dirname(path)) await sync(dirname(path))
    }
    if (this.known.size >= maxKnown) this.known.clear()
    this.known.add(folder)
  }
}

/** RFC 5321 §4.4: the reverse-path goes on top at final delivery. Delivered-To names the mailbox. */
function traceFields({ envelope }: QueueEntry, recipient: number): Buffer {
  const from = envelope.from === null ? '' : oneLine(envelope.from.text)
  const to = oneLine(envelope.recipients[recipient]!.mailbox.text)
  return Buffer.from(`Return-Path: <${from}>\nDelivered-To: ${to}\n`)
}

async function write(path: string, trace: Buffer, { body }: QueueEntry): Promise<void> {
  const file = await openNew(path)
  try {
    const lines = new PlainLines()
    if (body.chunks !== null) {
      // One buffer and `writeFile`: a vector may be written short on a full disk, and nothing would tell.
      await file.writeFile(Buffer.concat([trace, ...body.chunks.map((chunk) => lines.push(chunk)), lines.end()]))
    } else {
      await file.writeFile(trace)
      for await (const piece of body.read()) await file.writeFile(lines.push(piece))
      await file.writeFile(lines.end())
    }
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** A file that did not exist. One left by a crash is removed: no other delivery has its name. */
async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, createNew, 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    await unlink(path)
    return await open(path, createNew, 0o600)
  }
}

/** Where a delivered file is: a reader moves what it has seen from `new` to `cur` and adds flags to the name. */
async function find(folder: string, name: string): Promise<'new' | 'cur' | null> {
  try {
    await stat(join(folder, 'new', name))
    return 'new'
  } catch {
    const names = await readdir(join(folder, 'cur')).catch(() => [])
    return names.some((one) => one === name || one.startsWith(`${name}:`)) ? 'cur' : null
  }
}
