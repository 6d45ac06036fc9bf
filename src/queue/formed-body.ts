import type { Octets } from '../message/mime/transfer.ts'
import type { StoredBody } from './entry.ts'

/** Up to this size it is kept once it is made: a small message goes out in one write, in whatever form. */
const keptBytes = 128 * 1024

/**
 * A body that is made out of a stored one, each time it is read: in pieces, and never whole in memory when it is large.
 * It is made once before anybody sees it, as its size has to be known before it is sent.
 */
export class FormedBody implements StoredBody {
  readonly sizeBytes: number
  readonly dots: boolean
  readonly eightBit: boolean
  readonly chunks: readonly Buffer[] | null
  private readonly make: () => Octets

  private constructor(make: () => Octets, facts: Facts, chunks: readonly Buffer[] | null) {
    this.make = make
    this.sizeBytes = facts.sizeBytes
    this.dots = facts.dots
    this.eightBit = facts.eightBit
    this.chunks = chunks
  }

  /** @throws SpoolError when what it is made of cannot be read */
  static async of(make: () => Octets): Promise<FormedBody> {
    const facts: Facts = { sizeBytes: 0, dots: false, eightBit: false, atStart: true }
    let chunks: Buffer[] | null = []
    for await (const piece of make()) {
      look(piece, facts)
      if (facts.sizeBytes > keptBytes) chunks = null
      chunks?.push(Buffer.from(piece))
    }
    return new FormedBody(make, facts, chunks)
  }

  lend(): readonly Buffer[] | null {
    return this.chunks
  }

  returned(): void {}

  async *read(): AsyncGenerator<Buffer, void, void> {
    for await (const piece of this.make()) if (piece.length > 0) yield piece
  }
}

type Facts = { sizeBytes: number; dots: boolean; eightBit: boolean; atStart: boolean }

const dot = 46
const lf = 10

function look(piece: Buffer, facts: Facts): void {
  facts.sizeBytes += piece.length
  if (!facts.eightBit) for (const octet of piece) if (octet > 127) facts.eightBit = true
  if (facts.dots || piece.length === 0) return
  // Every LF of a stored message ends a line: the listener lets no bare one in.
  facts.dots = (facts.atStart && piece[0] === dot) || piece.includes('\n.', 0, 'latin1')
  facts.atStart = piece.at(-1) === lf
}
