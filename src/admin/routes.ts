import type { IncomingMessage, RequestListener } from 'node:http'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { line, orNull } from '../graph/shape.ts'
import type { Log } from '../mail/log.ts'
import type { Recognized } from './access.ts'
import { archiveCalls } from './archive-calls.ts'
import { banCalls } from './ban-calls.ts'
import { bodyToFile } from './bodies.ts'
import { type Calls, openCalls } from './calls.ts'
import { connectionCalls } from './connection-calls.ts'
import { destinationCalls } from './destination-calls.ts'
import { dnsCalls } from './dns-calls.ts'
import { messageCalls } from './message-calls.ts'
import { metricCalls } from './metric-calls.ts'
import type { Operations } from './operations.ts'
import { overlayCalls } from './overlay-calls.ts'
import { queueCalls } from './queue-calls.ts'
import { recipientCalls } from './recipient-calls.ts'
import { secretCalls } from './secret-calls.ts'
import { applyCalls } from './v1.ts'

export type RouteOptions = {
  readonly operations: Operations
  /** The folder that bundles are written to before they are looked at. */
  readonly uploads: string
  readonly identify: (request: IncomingMessage) => Recognized
  readonly log: Log
}

/** The calls of the admin API. */
export function adminListener({ operations, uploads, identify, log }: RouteOptions): RequestListener {
  const calls = openCalls(identify, log)
  applyCalls(calls, operations, uploads)
  overlayCalls(calls, operations)
  banCalls(calls, operations)
  recipientCalls(calls, operations)
  connectionCalls(calls, operations)
  messageCalls(calls, operations)
  queueCalls(calls, operations)
  archiveCalls(calls, operations)
  dnsCalls(calls, operations)
  destinationCalls(calls, operations)
  metricCalls(calls, operations)
  secretCalls(calls, operations)
  localCalls(calls, operations, uploads)
  return getRequestListener(calls.app.fetch) as RequestListener
}

/** What an operator on the machine does, and what is read without a version. */
function localCalls({ app, needs }: Calls, operations: Operations, uploads: string): void {
  let uploaded = 0
  app.get('/status', needs('read'), (c) => c.json(operations.status()))
  app.get('/graph', needs('local'), (c) =>
    c.json({ hash: operations.status().graph, bundle: operations.activeBundle() }),
  )
  app.post('/apply', needs('local'), async (c) => {
    const file = join(uploads, `upload-${process.pid}-${uploaded++}`)
    await bodyToFile(c.env.incoming, file)
    const query = (name: string) => {
      const value = c.req.query(name) ?? null
      orNull(line)(value, name)
      return value
    }
    const [base, commit] = [query('base'), query('commit')]
    const request = { base, commit, actor: query('actor') ?? 'mailgw apply', dryRun: query('dry-run') === '1' }
    const result = await operations.apply(file, request, c.get('identity'))
    return c.json(result, result.kind === 'refused' ? 422 : result.kind === 'base-moved' ? 412 : 200)
  })
  app.post('/stop', needs('local'), (c) => {
    operations.stop(c.req.query('now') === '1')
    return c.json({ stopping: true })
  })
}
