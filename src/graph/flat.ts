import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import type { Bundle } from './bundle.ts'
import type { Control } from './control.ts'
import { checksumInSlices, header, headerWords, layoutVersion, magic } from './flat-layout.ts'
import { readBlob, readText } from './flat-writer.ts'

/** A graph as the gateway runs it. Threads may share `buffer`; nobody writes to it. */
export type Flat = {
  readonly hash: string
  readonly control: Control
  readonly meta: Bundle['meta']
  readonly buffer: SharedArrayBuffer
}

/** The value around a block that was built or loaded. */
export function flatOf(buffer: SharedArrayBuffer): Flat {
  const words = new Int32Array(buffer)
  const octets = Buffer.from(buffer)
  const control = JSON.parse(readBlob(words, octets, words[header.control]!)) as Control
  const meta = JSON.parse(readBlob(words, octets, words[header.meta]!)) as Bundle['meta']
  return { hash: readText(words, octets, words[header.hash]!), control, meta, buffer }
}

/** Writes the block so that a crash leaves the whole file or none. */
export async function saveFlat(buffer: SharedArrayBuffer, path: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`
  const handle = await open(temporary, 'w', 0o600)
  try {
    await handle.writeFile(new Uint8Array(buffer))
    await handle.sync()
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  } finally {
    await handle.close()
  }
  await rename(temporary, path)
}

/**
 * A block that was saved for this hash, in a few milliseconds. `null` when there is none, or it is of another layout,
 * another graph, or damaged: then it is built anew.
 */
export async function loadFlat(path: string, hash: string): Promise<Flat | null> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (handle === null) return null
  try {
    const { size } = await handle.stat()
    if (size < headerWords * 4 || size % 4 !== 0 || size > 2 ** 31) return null
    const buffer = new SharedArrayBuffer(size)
    const octets = new Uint8Array(buffer)
    for (let at = 0; at < size; ) {
      const { bytesRead } = await handle.read(octets, at, size - at, at)
      if (bytesRead === 0) return null
      at += bytesRead
    }
    const words = new Int32Array(buffer)
    const isWhole =
      words[header.magic] === magic &&
      words[header.version] === layoutVersion &&
      words[header.words] === words.length &&
      words[header.checksum] === (await checksumInSlices(words))
    if (!isWhole) return null
    const flat = flatOf(buffer)
    return flat.hash === hash ? flat : null
  } finally {
    await handle.close()
  }
}
