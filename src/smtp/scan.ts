import { scanModule } from './scan-module.ts'

const LF = 10
const CR = 13
const DOT = 46
const NUL = 0

/** What makes a message no message: its lines could be read in two ways, or some reader stops at it. */
export type DataFault = 'bare CR' | 'bare LF' | 'NUL'

// Node has it, and the types that are used here do not say so.
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (octets: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
}

const readBytes = 64 * 1024
/** Room before each part: every octet is judged with the one before it. */
const margin = 64
const memory = new WebAssembly.Memory({ initial: 3 })
/** Never grown, so it stays the same. */
const { buffer } = memory

/** Memory to receive into: what lies in it is scanned where it is, anything else is copied first. */
export const receiveMemory: Buffer = Buffer.from(buffer, margin, readBytes)
const copies = Buffer.from(buffer, margin + readBytes + margin, readBytes)

const { scan } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(scanModule.join(''), 'base64')), {
  mailgw: { memory },
}).exports as { scan: (at: number, to: number) => number }

/**
 * Position of the first octet in `from..chunk.length` that is no ordinary text after the octet before it, or
 * `chunk.length`: a dot that begins a line, an LF that no CR is before, anything else that a CR is before, and NUL.
 * `from` is at least 1. What the last octet begins is the caller's to know: a CR there is not odd yet.
 */
export function nextOdd(chunk: Buffer, from: number): number {
  const { length, byteOffset } = chunk
  if (chunk.buffer === buffer) return scan(byteOffset + from, byteOffset + length) - byteOffset
  let at = from
  // First a little: a chunk full of odd octets must not be copied as a whole for each of them.
  for (let bytes = 256; at < length; bytes = Math.min(4 * bytes, readBytes - 1)) {
    const end = Math.min(length, at + bytes)
    chunk.copy(copies, 0, at - 1, end)
    const found = scan(copies.byteOffset + 1, copies.byteOffset + 1 + end - at) - copies.byteOffset - 1
    if (at + found < end) return at + found
    at = end
  }
  return length
}

/** What `nextOdd` found at `at`; `dot` begins a line. */
export function oddAt(chunk: Buffer, at: number): DataFault | 'dot' {
  if (chunk[at - 1] === CR) return 'bare CR'
  if (chunk[at] === DOT) return 'dot'
  return chunk[at] === LF ? 'bare LF' : 'NUL'
}

/** What is wrong with an octet whatever is before it, CR excepted. */
export function faultOf(octet: number): DataFault | null {
  return octet === LF ? 'bare LF' : octet === NUL ? 'NUL' : null
}
