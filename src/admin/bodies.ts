import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/**
 * What a caller sends, within limits: nobody fills the memory or the disk of a mail server through its admin API. Read from
 * the connection itself: the first web stream of a process costs ten milliseconds, in which no session is served.
 */

export const maxBundleBytes = 512 * 2 ** 20
/** A prepare brings the witnesses and boxes of a plan. To read more would hold up the sessions of this thread. */
export const maxJsonBytes = 8 * 2 ** 20

/** More came than may; the answer is 413. */
export class BodyTooLarge extends Error {
  constructor(limit: number) {
    super(`the body: expected at most ${limit} octets`)
    this.name = 'BodyTooLarge'
  }
}

/** The body is not JSON, or is not there; the answer is 400. */
export class BodyUnreadable extends Error {
  override readonly name = 'BodyUnreadable'
}

/** Straight to a file: a graph of 100,000 routes must not pass through this thread as one string. */
export async function bodyToFile(request: IncomingMessage, file: string, limit = maxBundleBytes): Promise<void> {
  try {
    await pipeline(limited(request, limit), createWriteStream(file, { mode: 0o600 }))
  } catch (error) {
    await rm(file, { force: true })
    throw error
  }
}

export async function bodyAsJson(request: IncomingMessage, limit = maxJsonBytes): Promise<unknown> {
  const chunks: Buffer[] = []
  await pipeline(limited(request, limit), async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) chunks.push(chunk)
  })
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch (error) {
    throw new BodyUnreadable(`the body: expected JSON, got something else: ${(error as Error).message.slice(0, 100)}`)
  }
}

function limited(request: IncomingMessage, limit: number): Readable {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  if (length === undefined && encoding === undefined) {
    throw new BodyUnreadable('the body: expected something, got nothing')
  }
  // Said beforehand: nothing of it is read.
  if (Number(length ?? 0) > limit) throw new BodyTooLarge(limit)
  let bytes = 0
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes > limit) done(new BodyTooLarge(limit))
      else done(null, chunk)
    },
  })
  request.on('error', () => counter.destroy(new BodyUnreadable('the body: it ended before it was whole')))
  return request.pipe(counter)
}
