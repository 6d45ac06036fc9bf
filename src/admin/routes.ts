import { createWriteStream } from 'node:fs'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import type { Operations, QueueFilter, QueueSelector } from './operations.ts'

/** The calls of the admin API. `uploads` is the folder that bundles are written to before they are looked at. */
export const adminListener = (operations: Operations, uploads: string): RequestListener =>
  getRequestListener(routes(operations, uploads).fetch) as RequestListener

function routes(operations: Operations, uploads: string): Hono {
  const app = new Hono()
  let uploaded = 0
  app.get('/status', (c) => c.json(operations.status()))
  app.get('/graph', (c) => c.json({ hash: operations.status().graph, bundle: operations.activeBundle() }))
  app.post('/apply', async (c) => {
    const body = c.req.raw.body
    if (body === null) return c.json({ error: 'apply: expected a bundle, got nothing' }, 400)
    // Straight to a file: a graph of 100,000 routes must not pass through this thread as one string.
    const file = join(uploads, `upload-${process.pid}-${uploaded++}`)
    await pipeline(
      Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]),
      createWriteStream(file, { mode: 0o600 }),
    )
    const result = await operations.apply(file, {
      base: c.req.query('base') ?? null,
      dryRun: c.req.query('dry-run') === '1',
    })
    return c.json(result, result.kind === 'refused' ? 422 : result.kind === 'base-moved' ? 412 : 200)
  })
  app.get('/queue', (c) => {
    const query = (name: string) => c.req.query(name) ?? null
    const limit = Number(query('limit') ?? 100)
    if (!Number.isInteger(limit) || limit < 1)
      return c.json({ error: `limit: expected a number from 1, got ${query('limit')}` }, 400)
    const filter: QueueFilter = {
      recipient: query('recipient'),
      domain: query('domain'),
      sender: query('sender'),
      state: query('state'),
      after: query('after'),
      limit: Math.min(limit, 10_000),
    }
    return c.json(operations.queueList(filter))
  })
  app.post('/queue/retry', async (c) => {
    const selector = (await c.req.json()) as QueueSelector
    return c.json({ retried: operations.queueRetry(selector) })
  })
  app.post('/stop', (c) => {
    operations.stop(c.req.query('now') === '1')
    return c.json({ stopping: true })
  })
  app.notFound((c) => c.json({ error: `no such call: ${c.req.method} ${c.req.path}` }, 404))
  app.onError((error, c) => c.json({ error: error.message }, 500))
  return app
}
