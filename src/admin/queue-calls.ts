import { Readable } from 'node:stream'
import type { Context } from 'hono'
import { ShapeError } from '../graph/shape.ts'
import type { QueueRow } from '../queue/listing.ts'
import { isEmpty } from '../queue/selector.ts'
import { bodyAsJson } from './bodies.ts'
import type { Calls } from './calls.ts'
import type { Operations } from './operations.ts'
import { queueFilter, queueRequest } from './queue-requests.ts'

/** A selector may name many ids. */
const maxRequestBytes = 4 * 1024 * 1024

/**
 * The calls of the queue. Envelopes are for `read`, as those of the envelope log are; contents, and whatever moves mail, for
 * `queue` alone: neither who reads a dashboard nor who puts documents live is to see a letter, or to lose one.
 */
export function queueCalls({ app, needs }: Calls, { queue }: Pick<Operations, 'queue'>): void {
  const list = (c: Context) => {
    const filter = queueFilter(new Map(new URL(c.req.url).searchParams))
    return streamed(c, jsonList(queue.list(filter)), 'application/json')
  }
  app.get('/queue', needs('read'), list)
  app.get('/v1/queue', needs('read'), list)
  app.get('/v1/queue/:id', needs('queue'), async (c) => {
    const message = await queue.show(idOf(c))
    return message === null ? c.json({ error: absent(c) }, 404) : c.json(message)
  })
  app.get('/v1/queue/:id/content', needs('queue'), (c) => {
    const content = queue.content(idOf(c))
    return content === null ? c.json({ error: absent(c) }, 404) : streamed(c, content, 'message/rfc822')
  })
  app.post('/v1/queue/:action', needs('queue'), async (c) => {
    const request = queueRequest(c.req.param('action'), await bodyAsJson(c.env.incoming, maxRequestBytes))
    if (isEmpty(request.selector)) {
      return c.json({ error: 'nothing is selected; all of the queue has to be said with `all`' }, 422)
    }
    return c.json(await queue.operate(request, c.get('identity')))
  })
}

const absent = (c: Context): string => `${c.req.param('id')} is not in the queue`

function idOf(c: Context): string {
  const id = c.req.param('id') ?? ''
  if (!/^[0-9A-Za-z]{1,40}$/.test(id)) throw new ShapeError('id', 'the id of a message', id)
  return id
}

function streamed(c: Context, chunks: AsyncIterable<string | Buffer>, type: string): Response {
  const body = Readable.toWeb(Readable.from(chunks, { objectMode: false })) as unknown as ReadableStream
  return c.body(body, 200, { 'content-type': type })
}

/** One array, a row a line, made as it is read. */
async function* jsonList(slices: AsyncIterable<readonly QueueRow[]>): AsyncGenerator<string> {
  let before = '['
  for await (const rows of slices) {
    yield `${before}${rows.map((row) => JSON.stringify(row)).join(',\n')}`
    before = ',\n'
  }
  yield before === '[' ? '[]' : ']'
}
