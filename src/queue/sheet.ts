import { maxBodyBytes } from './record.ts'

/**
 * Memory for pieces of bodies, used again and again: a new buffer for each piece would cost more in garbage than all the
 * rest of receiving and reading it. A sheet may be given back once nobody reads or writes it any more, the kernel too;
 * one that is not given back is garbage, and that is all that it is.
 */
const sizes = [16 * 1024, 64 * 1024, maxBodyBytes] as const
const spare = new Map<number, Buffer[]>(sizes.map((size) => [size, []]))
const maxSpareBytes = 2 * 1024 * 1024

/** Up to this size Node's own pool of small buffers is as cheap. */
const smallBytes = 4000

/** At least `bytes`, at most 128 KiB of them. */
export function borrowSheet(bytes: number): Buffer {
  if (bytes <= smallBytes) return Buffer.allocUnsafe(smallBytes)
  const size = sizes.find((size) => size >= bytes)
  if (size === undefined) throw new Error(`a sheet of ${bytes} octets`)
  return spare.get(size)!.pop() ?? Buffer.allocUnsafeSlow(size)
}

/** `sheet` as it was borrowed, not a part of it. */
export function giveBackSheet(sheet: Buffer): void {
  const list = spare.get(sheet.length)
  if (list !== undefined && list.length * sheet.length < maxSpareBytes) list.push(sheet)
}
