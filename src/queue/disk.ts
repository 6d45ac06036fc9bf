import {
  closeSync,
  fdatasync,
  fstatSync,
  fsync,
  fsyncSync,
  mkdirSync,
  openSync,
  read,
  readdirSync,
  readSync,
  unlinkSync,
  writeSync,
  writev,
} from 'node:fs'
import { dirname } from 'node:path'
import { SpoolError } from './spool-error.ts'

/**
 * What the spool asks of a file system: an argument, so that a test can stop it at each write and each sync.
 * What was written is seen by every later read at once; it outlives a power cut when a later `sync` has called back.
 */
export type Disk = {
  makeFolder(path: string): void
  list(folder: string): readonly string[]
  /** For reading and writing; made when it is not there. */
  open(path: string): DiskFile
  remove(path: string): void
}

export type DiskFile = {
  /** All of it, or an error. */
  write(buffers: readonly Uint8Array[], position: number, done: (error: Error | null) => void): void
  /** Everything written before it, and the file's name. */
  sync(done: (error: Error | null) => void): void
  /** Up to the end of the file. */
  read(buffer: Uint8Array, position: number, done: (error: Error | null, bytes: number) => void): void
  /** Into the page cache, blocking: for a few octets. Throws. */
  writeNow(bytes: Uint8Array, position: number): void
  readNow(buffer: Uint8Array, position: number): number
  sizeBytes(): number
  /** Every block up to `sizeBytes` exists, so that overwriting needs no room and no change of metadata. */
  isAllocated(): boolean
  close(): void
}

export const realDisk: Disk = {
  makeFolder: (path) => void mkdirSync(path, { recursive: true, mode: 0o700 }),
  list: (folder) => readdirSync(folder),
  open: (path) => new RealFile(path),
  remove(path) {
    unlinkSync(path)
  },
}

class RealFile implements DiskFile {
  private readonly fd: number
  private readonly folder: string
  /** The name is not yet known to be in the folder on stable storage. */
  private isNew = false

  constructor(path: string) {
    this.folder = dirname(path)
    this.fd = this.openOrMake(path)
  }

  write(buffers: readonly Uint8Array[], position: number, done: (error: Error | null) => void): void {
    let wanted = 0
    for (const buffer of buffers) wanted += buffer.length
    writev(this.fd, buffers as Uint8Array[], position, (error, bytes) => {
      if (error !== null || bytes === wanted) return done(error)
      // The kernel says why at the next octet.
      if (bytes === 0) return done(new SpoolError('full', `wrote 0 of ${wanted} octets`))
      this.write(without(buffers, bytes), position + bytes, done)
    })
  }

  sync(done: (error: Error | null) => void): void {
    fdatasync(this.fd, (error) => {
      if (error !== null || !this.isNew) return done(error)
      const folder = openSync(this.folder, 'r')
      fsync(folder, (failure) => {
        closeSync(folder)
        this.isNew = failure !== null
        done(failure)
      })
    })
  }

  read(buffer: Uint8Array, position: number, done: (error: Error | null, bytes: number) => void): void {
    const more = (at: number): void => {
      read(this.fd, buffer, at, buffer.length - at, position + at, (error, bytes) => {
        if (error !== null || bytes === 0 || at + bytes === buffer.length) return done(error, at + (bytes || 0))
        more(at + bytes)
      })
    }
    more(0)
  }

  writeNow(bytes: Uint8Array, position: number): void {
    for (let at = 0; at < bytes.length; ) {
      at += writeSync(this.fd, bytes, at, bytes.length - at, position + at)
    }
  }

  readNow(buffer: Uint8Array, position: number): number {
    let at = 0
    while (at < buffer.length) {
      const bytes = readSync(this.fd, buffer, at, buffer.length - at, position + at)
      if (bytes === 0) break
      at += bytes
    }
    return at
  }

  sizeBytes(): number {
    return fstatSync(this.fd).size
  }

  isAllocated(): boolean {
    const { blocks, size } = fstatSync(this.fd)
    return blocks * 512 >= size
  }

  close(): void {
    closeSync(this.fd)
  }

  private openOrMake(path: string): number {
    try {
      return openSync(path, 'r+')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    this.isNew = true
    return openSync(path, 'wx+', 0o600)
  }
}

/** The buffers behind the first `bytes` octets of them. */
function without(buffers: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const rest: Uint8Array[] = []
  let skip = bytes
  for (const buffer of buffers) {
    if (skip >= buffer.length) skip -= buffer.length
    else {
      rest.push(buffer.subarray(skip))
      skip = 0
    }
  }
  return rest
}

/** Makes the names in a folder durable; for folders that were just made. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
