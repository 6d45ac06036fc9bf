import type { Calls } from './calls.ts'
import type { Operations } from './operations.ts'

/** The calls of bans that the gateway made by itself, and of accounts that it has locked. */
export function banCalls({ app, needs }: Calls, operations: Operations): void {
  app.get('/v1/bans', needs('read'), (c) => c.json({ bans: operations.bans(), lockOuts: operations.lockOuts() }))
  // A block has a slash in it.
  app.delete('/v1/bans/:name{.+}', needs('overlay'), async (c) => {
    const name = c.req.param('name')
    const lifted = await operations.liftBan(name, c.get('identity'))
    return lifted === null ? c.json({ error: `there is no ban ${name}` }, 404) : c.json(lifted)
  })
  app.delete('/v1/lock-outs/:account{.+}', needs('overlay'), async (c) =>
    c.json({ unlocked: await operations.unlock(c.req.param('account'), c.get('identity')) }),
  )
}
