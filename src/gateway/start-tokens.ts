import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { webEndpoint } from '../credentials/web-call.ts'
import type { Resolver } from '../dns/answer.ts'
import type { TokenEndpoint } from '../egress/oauth/fetch-token.ts'
import { refreshFile } from '../egress/oauth/refresh-file.ts'
import { type OpenTokens, openTokens } from '../egress/oauth/tokens.ts'
import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import type { OauthGrant } from '../mail/relay-login.ts'
import type { Queue } from '../queue/queue.ts'
import type { Live } from './live.ts'
import { addressLookUp } from './look-up.ts'

export type TokenParts = {
  readonly stateDir: string
  readonly resolver: Pick<Resolver, 'addresses'>
  readonly clock: Clock
  readonly log: Log
}

export type RunningTokens = Omit<OpenTokens, 'take'> & {
  /** Takes the relays of a graph. */
  take(next: Pick<Live, 'control' | 'secrets'>): void
  /** Whose mail need not wait any longer when there is a token again, once it is open. */
  concern(queue: Pick<Queue, 'probeRelays'>): void
}

/** Access tokens of relays, as long as the gateway runs. */
export function startTokens({ stateDir, resolver, clock, log }: TokenParts): RunningTokens {
  let queue: Pick<Queue, 'probeRelays'> | null = null
  const lookUp = addressLookUp(resolver)
  const endpoint = ({ tokenUrl, ca }: OauthGrant): TokenEndpoint => {
    const { call, close } = webEndpoint(tokenUrl, ca ?? null, lookUp)
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return { post: (form, signal) => call({ method: 'POST', headers, body: form }, signal), close }
  }
  const tokens = openTokens({
    endpoint,
    store: (name) => refreshFile(join(stateDir, 'tokens', name)),
    clock,
    log,
    random: Math.random,
    id: randomUUID,
    onBack: (relays) => queue?.probeRelays(relays),
  })
  return {
    ...tokens,
    take: ({ control, secrets }) => tokens.take(control.relays, secrets),
    concern(opened) {
      queue = opened
    },
  }
}
