import { ShapeError } from '../graph/shape.ts'
import type { Calls } from './calls.ts'
import type { Operations } from './operations.ts'

/** What one answer may list. */
const mostRows = 10_000

/** The call of connections, in and out. */
export function connectionCalls({ app, needs }: Calls, operations: Operations): void {
  app.get('/v1/connections', needs('read'), (c) => {
    const direction = c.req.query('direction') ?? null
    if (direction !== null && direction !== 'in' && direction !== 'out')
      throw new ShapeError('direction', 'in or out', direction)
    const limit = Number(c.req.query('limit') ?? 1000)
    if (!Number.isInteger(limit) || limit < 1) throw new ShapeError('limit', 'a number from 1', c.req.query('limit'))
    return c.json(operations.connections({ direction, limit: Math.min(limit, mostRows) }))
  })
}
