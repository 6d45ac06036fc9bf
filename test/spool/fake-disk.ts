import type { Disk, DiskFile } from '../../src/queue/disk.ts'

/** What happens to one operation of the disk. */
export type Fault = 'none' | 'stop' | 'full' | 'io'

export type Operation = { readonly kind: 'write' | 'mark' | 'sync'; readonly path: string; readonly number: number }

type Stored = {
  /** What every reader sees. */
  seen: Buffer
  /** What a power cut leaves for certain. */
  stable: Buffer
  /** Written since the latest sync. */
  unsynced: { readonly position: number; readonly bytes: Buffer }[]
  isNamed: boolean
}

const sector = 512

/**
 * A disk in memory that fails on request. After `stop` (the process dies in the middle of an operation) nothing is
 * written and nothing calls back any more; `afterKill` and `afterPowerCut` give the disk that the next start finds.
 */
export class FakeDisk implements Disk {
  readonly files = new Map<string, Stored>()
  operations = 0
  stopped = false
  /** Asked at each operation. */
  fault: (operation: Operation) => Fault = () => 'none'
  /** How much of the operation that is stopped is done, 0 to 1. */
  torn = 0
  private readonly handles = new Set<FakeFile>()

  makeFolder(): void {}

  list(folder: string): readonly string[] {
    return [...this.files.keys()]
      .filter((path) => path.startsWith(`${folder}/`))
      .map((path) => path.slice(folder.length + 1))
  }

  open(path: string): DiskFile {
    let stored = this.files.get(path)
    if (stored === undefined) {
      stored = { seen: Buffer.alloc(0), stable: Buffer.alloc(0), unsynced: [], isNamed: false }
      if (!this.stopped) this.files.set(path, stored)
    }
    const file = new FakeFile(this, path, stored)
    this.handles.add(file)
    return file
  }

  remove(path: string): void {
    if (!this.stopped) this.files.delete(path)
  }

  /** The process was killed: the page cache is still there. */
  afterKill(): FakeDisk {
    const next = new FakeDisk()
    for (const [path, { seen }] of this.files) {
      next.files.set(path, { seen: Buffer.from(seen), stable: Buffer.from(seen), unsynced: [], isNamed: true })
    }
    return next
  }

  /** Of what was not synced, each sector is there or not, as `chance` says. */
  afterPowerCut(chance: () => boolean): FakeDisk {
    const next = new FakeDisk()
    for (const [path, { stable, unsynced, isNamed }] of this.files) {
      if (!isNamed && !chance()) continue
      let content: Buffer = Buffer.from(stable)
      for (const { position, bytes } of unsynced) {
        for (let at = 0; at < bytes.length; ) {
          const end = Math.min(bytes.length, at + sector - ((position + at) % sector))
          if (chance()) content = put(content, bytes.subarray(at, end), position + at)
          at = end
        }
      }
      next.files.set(path, { seen: content, stable: Buffer.from(content), unsynced: [], isNamed: true })
    }
    return next
  }

  /** The same files in another folder. */
  move(from: string, to: string): void {
    for (const [path, stored] of [...this.files]) {
      this.files.delete(path)
      this.files.set(path.replace(from, to), stored)
    }
  }

  /** @returns what is to happen, and counts */
  begin(kind: Operation['kind'], path: string): Fault {
    if (this.stopped) return 'stop'
    const fault = this.fault({ kind, path, number: ++this.operations })
    if (fault === 'stop') this.stopped = true
    return fault
  }
}

class FakeFile implements DiskFile {
  private readonly disk: FakeDisk
  private readonly path: string
  private readonly stored: Stored
  private isClosed = false

  constructor(disk: FakeDisk, path: string, stored: Stored) {
    this.disk = disk
    this.path = path
    this.stored = stored
  }

  write(buffers: readonly Uint8Array[], position: number, done: (error: Error | null) => void): void {
    this.check()
    setImmediate(() => {
      const wasStopped = this.disk.stopped
      const bytes = Buffer.concat(buffers as Uint8Array[])
      const fault = this.possible(this.disk.begin('write', this.path), position + bytes.length)
      if (fault === 'stop') {
        if (!wasStopped) this.put(bytes.subarray(0, Math.floor(bytes.length * this.disk.torn)), position)
        return
      }
      // A full disk has often taken a part.
      if (fault === 'full') this.put(bytes.subarray(0, bytes.length >> 1), position)
      if (fault !== 'none') return done(failure(fault))
      this.put(bytes, position)
      done(null)
    })
  }

  sync(done: (error: Error | null) => void): void {
    this.check()
    setImmediate(() => {
      const fault = this.disk.begin('sync', this.path)
      if (fault === 'stop') return
      if (fault !== 'none') {
        // As Linux does it: what could not be written is forgotten, and the next sync says nothing of it.
        this.stored.unsynced = []
        return done(failure(fault))
      }
      this.stored.stable = Buffer.from(this.stored.seen)
      this.stored.unsynced = []
      this.stored.isNamed = true
      done(null)
    })
  }

  read(buffer: Uint8Array, position: number, done: (error: Error | null, bytes: number) => void): void {
    this.check()
    setImmediate(() => done(null, this.readNow(buffer, position)))
  }

  writeNow(bytes: Uint8Array, position: number): void {
    this.check()
    const wasStopped = this.disk.stopped
    const fault = this.possible(this.disk.begin('mark', this.path), position + bytes.length)
    if (fault === 'stop' && !wasStopped)
      this.put(bytes.subarray(0, Math.floor(bytes.length * this.disk.torn)), position)
    if (fault !== 'none') throw failure(fault === 'stop' ? 'io' : fault)
    this.put(Buffer.from(bytes), position)
  }

  readNow(buffer: Uint8Array, position: number): number {
    return this.stored.seen.copy(buffer, 0, position, position + buffer.length)
  }

  sizeBytes(): number {
    return this.stored.seen.length
  }

  isAllocated(): boolean {
    return true
  }

  close(): void {
    this.check()
    this.isClosed = true
  }

  /** Overwriting needs no room. */
  private possible(fault: Fault, end: number): Fault {
    return fault === 'full' && end <= this.stored.seen.length ? 'none' : fault
  }

  private put(bytes: Uint8Array, position: number): void {
    this.stored.seen = put(this.stored.seen, bytes, position)
    this.stored.unsynced.push({ position, bytes: Buffer.from(bytes) })
  }

  /** A closed descriptor is somebody else's file soon. */
  private check(): void {
    if (this.isClosed) throw new Error(`${this.path}: used after it was closed`)
  }
}

function failure(fault: Fault): Error {
  const code = fault === 'full' ? 'ENOSPC' : 'EIO'
  return Object.assign(new Error(`${code}: made by the test`), { code })
}

function put(content: Buffer, bytes: Uint8Array, position: number): Buffer {
  const end = position + bytes.length
  const grown = end > content.length ? Buffer.concat([content, Buffer.alloc(end - content.length)]) : content
  grown.set(bytes, position)
  return grown
}
