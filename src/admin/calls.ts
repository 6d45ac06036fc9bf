import type { IncomingMessage } from 'node:http'
import type { MiddlewareHandler } from 'hono'
import { Hono } from 'hono/quick'
import { ShapeError } from '../graph/shape.ts'
import type { Log } from '../mail/log.ts'
import type { Identity, Recognized } from './access.ts'
import { BodyTooLarge, BodyUnreadable } from './bodies.ts'
import type { Scope } from './protocol.ts'

type Env = { Bindings: { incoming: IncomingMessage }; Variables: { identity: Identity } }

/** Where calls are put. Each says what it needs; one that does not is answered to nobody. */
export type Calls = {
  readonly app: Hono<Env>
  /** `local`: only over the unix socket. */
  readonly needs: (scope: Scope | 'local') => MiddlewareHandler<Env>
}

/** The frame of the admin API: who calls, what it may, and how failures are told. */
export function openCalls(identify: (request: IncomingMessage) => Recognized, log: Log): Calls {
  const app = new Hono<Env>()
  const needs =
    (scope: Scope | 'local'): MiddlewareHandler<Env> =>
    async (c, next) => {
      const { incoming } = c.env
      const call = { method: c.req.method, path: c.req.path, peer: incoming.socket.remoteAddress ?? null }
      const recognized = identify(incoming)
      // The caller hears what it lacks and nothing of what there is; the operator reads the rest.
      if (!recognized.ok) {
        log.warn('admin.refused', { ...call, actor: null, why: recognized.why })
        return c.json({ error: 'not authorized' }, 401, { 'www-authenticate': 'Bearer' })
      }
      const { identity } = recognized
      if (!identity.scopes.has(scope)) {
        log.warn('admin.refused', { ...call, actor: identity.actor, why: `needs ${scope}` })
        return c.json({ error: 'not allowed' }, 403)
      }
      c.set('identity', identity)
      await next()
    }
  // Strangers learn nothing of which calls there are.
  app.notFound(async (c) => {
    if (!identify(c.env.incoming).ok) return c.json({ error: 'not authorized' }, 401)
    return c.json({ error: `no such call: ${c.req.method} ${c.req.path}` }, 404)
  })
  app.onError((error, c) => {
    if (error instanceof ShapeError || error instanceof BodyUnreadable) return c.json({ error: error.message }, 400)
    // What was not read would be taken for the next call.
    if (error instanceof BodyTooLarge) return c.json({ error: error.message }, 413, { connection: 'close' })
    log.error('admin.bug', { method: c.req.method, path: c.req.path, error: error.stack })
    return c.json({ error: 'the gateway failed; its log says how' }, 500)
  })
  return { app, needs }
}
