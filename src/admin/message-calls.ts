import { Readable } from 'node:stream'
import { ShapeError } from '../graph/shape.ts'
import type { Calls } from './calls.ts'
import type { Operations } from './operations.ts'

/** The calls that tell what came and what became of it. */
export function messageCalls({ app, needs }: Calls, operations: Operations): void {
  app.get('/v1/envelopes', needs('read'), async (c) => {
    const since = timeOf('since', c.req.query('since'), 0)
    const until = timeOf('until', c.req.query('until'), Number.MAX_SAFE_INTEGER)
    const lines = await operations.envelopes(since, until)
    const body = Readable.toWeb(Readable.from(inPieces(lines))) as unknown as ReadableStream
    return c.body(body, 200, { 'content-type': 'application/x-ndjson' })
  })
  app.get('/v1/messages/:id', needs('read'), async (c) => {
    const id = c.req.param('id')
    if (!/^[0-9A-Za-z]{1,40}$/.test(id)) throw new ShapeError('id', 'the id of a message', id)
    const message = await operations.message(id)
    return message === null ? c.json({ error: `nothing is known of a message ${id}` }, 404) : c.json(message)
  })
}

/** Epoch ms, or a time as in the log. */
function timeOf(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const time = /^\d{1,16}$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isNaN(time)) throw new ShapeError(name, 'epoch ms or an ISO 8601 time', text)
  return time
}

/** Lines one by one would be a write each. */
async function* inPieces(lines: AsyncIterable<string>): AsyncGenerator<Buffer> {
  let text = ''
  for await (const line of lines) {
    text += `${line}\n`
    if (text.length >= 64 * 1024) {
      yield Buffer.from(text)
      text = ''
    }
  }
  if (text !== '') yield Buffer.from(text)
}
