import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Context } from 'hono'
import { isGraphHash } from '../graph/canonical.ts'
import { ShapeError } from '../graph/shape.ts'
import { bodyAsJson, bodyToFile } from './bodies.ts'
import type { Calls } from './calls.ts'
import type { Answer, Operations } from './operations.ts'
import { abortRequest, activateRequest, confirmRequest, prepareRequest, rollbackRequest } from './requests.ts'

const entriesPerAnswer = 1000

/** The calls below `/v1` that put graphs live (`protocol.ts`). */
export function applyCalls({ app, needs }: Calls, operations: Operations, uploads: string): void {
  let uploaded = 0
  app.get('/v1/status', needs('read'), (c) => c.json(operations.statusNow()))
  app.get('/v1/trial', needs('read'), (c) => c.json(operations.trial()))
  app.get('/v1/journal', needs('read'), async (c) => {
    const after = Number(c.req.query('after') ?? 0)
    if (!Number.isSafeInteger(after) || after < 0) {
      throw new ShapeError('after', 'a whole number from 0', c.req.query('after'))
    }
    return c.json(await operations.journal(after, entriesPerAnswer))
  })
  app.get('/v1/graphs/:hash', needs('read'), async (c) => {
    const wanted = c.req.param('hash')
    const file = await operations.bundleFile(wanted === 'active' ? null : wanted)
    if (file === null) return c.json({ error: `the graph ${wanted} is not here` }, 404)
    const body = Readable.toWeb(createReadStream(file)) as unknown as ReadableStream
    return c.body(body, 200, { 'content-type': 'application/json' })
  })
  app.put('/v1/graphs/:hash', needs('prepare'), async (c) => {
    const hash = c.req.param('hash')
    if (!isGraphHash(hash)) throw new ShapeError('hash', 'a graph hash', hash)
    const file = join(uploads, `upload-${process.pid}-v1-${uploaded++}`)
    try {
      await bodyToFile(c.env.incoming, file)
      const answer = await operations.upload(file, hash)
      return answer.kind === 'done' ? c.json(answer.body, answer.body.known ? 200 : 201) : failed(c, answer)
    } finally {
      await rm(file, { force: true })
    }
  })
  app.post('/v1/prepare', needs('prepare'), async (c) =>
    said(c, await operations.prepare(prepareRequest(await bodyAsJson(c.env.incoming)), c.get('identity'))),
  )
  app.post('/v1/abort', needs('prepare'), async (c) =>
    said(c, await operations.abort(abortRequest(await bodyAsJson(c.env.incoming, small)), c.get('identity'))),
  )
  app.post('/v1/activate', needs('activate'), async (c) =>
    said(c, await operations.activate(activateRequest(await bodyAsJson(c.env.incoming, small)), c.get('identity'))),
  )
  app.post('/v1/confirm', needs('activate'), async (c) =>
    said(c, await operations.confirm(confirmRequest(await bodyAsJson(c.env.incoming, small)), c.get('identity'))),
  )
  app.post('/v1/rollback', needs('activate'), async (c) =>
    said(c, await operations.rollback(rollbackRequest(await bodyAsJson(c.env.incoming, small)), c.get('identity'))),
  )
}

/** No call but upload and prepare has much to say. */
const small = 64 * 1024

const said = <T extends object>(c: Context, answer: Answer<T>): Response =>
  answer.kind === 'done' ? c.json(answer.body, 200) : failed(c, answer)

function failed(c: Context, { kind, ...rest }: Exclude<Answer<object>, { kind: 'done' }>): Response {
  return c.json(rest, kind === 'base-moved' ? 412 : 422)
}
