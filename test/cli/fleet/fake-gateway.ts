import type { ActivateRequest, EndedTrial, PrepareRequest, Trial } from '../../../src/admin/protocol.ts'
import type { Answer, GatewayClient } from '../../../src/cli/fleet/gateway-client.ts'
import type { Candidate, RolloutDeps } from '../../../src/cli/fleet/rollout.ts'

export const oldGraph = `g1:${'a'.repeat(52)}`
export const newGraph = `g1:${'b'.repeat(52)}`

/** A clock that moves when somebody sleeps, and what is to happen on the way. */
export function fakeTime() {
  let now = 1_000_000
  const timers: { at: number; run: () => void }[] = []
  return {
    now: () => now,
    at: (ms: number, run: () => void) => void timers.push({ at: now + ms, run }),
    async sleep(ms: number) {
      const end = now + Math.max(1, ms)
      timers.sort((a, b) => a.at - b.at)
      while (timers[0] !== undefined && timers[0].at <= end) {
        const { at, run } = timers.shift()!
        now = Math.max(now, at)
        run()
        timers.sort((a, b) => a.at - b.at)
      }
      now = end
    },
  }
}
export type FakeTime = ReturnType<typeof fakeTime>

export function deps(time: FakeTime, signal: AbortSignal = new AbortController().signal) {
  const lines: string[] = []
  const given: RolloutDeps = {
    clock: time,
    sleep: time.sleep,
    signal,
    silentMs: 3000,
    tell: (line) => void lines.push(line),
  }
  return { given, lines }
}

/**
 * The gateway's half of the protocol in a few lines, for what a coordinator does with its answers; what real gateways do is
 * tested with real ones. `calls` is what was asked, in order.
 */
export function fakeGateway(name: string, time: FakeTime, groups: readonly string[] = []) {
  const calls: string[] = []
  const state = {
    active: oldGraph,
    /** Says nothing any more. */
    dead: false,
    /** Refuses the next call of this name with these words. */
    refuse: new Map<string, string>(),
    /** Does the next call of this name and says nothing. */
    swallow: new Set<string>(),
    tokenLifeMs: 600_000,
    lastActivate: null as ActivateRequest | null,
    lastPrepare: null as PrepareRequest | null,
  }
  let running: Trial | null = null
  let last: EndedTrial | null = null
  let tokens = 0
  let prepared: string | null = null
  const end = (result: EndedTrial['result'], reason: string, cause: EndedTrial['cause']) => {
    if (running === null) return
    if (result === 'rolled back') state.active = running.previous
    last = { ...running, endedAt: time.now(), result, reason, cause }
    running = null
  }
  const silent: Answer<never> = { kind: 'silent', error: `${name}: no gateway is running there` }
  const refused = (error: string): Answer<never> => ({ kind: 'refused', status: 422, error })
  const call = async <T>(what: string, act: () => Answer<T>): Promise<Answer<T>> => {
    if (state.dead) return silent
    calls.push(what)
    const why = state.refuse.get(what)
    if (why !== undefined) return refused(why)
    const answer = act()
    return state.swallow.delete(what) ? silent : answer
  }
  const ok = <T>(value: T): Answer<T> => ({ kind: 'ok', value })
  const client: GatewayClient = {
    name,
    where: name,
    status: () => call('status', () => ok({ graph: state.active, pending: { kind: 'none' } } as never)),
    graph: () => call('graph', () => refused('not here')),
    upload: (hash) => call('upload', () => ok({ hash, known: false })),
    prepare: (wanted) =>
      call('prepare', () => {
        if (wanted.base !== null && wanted.base !== state.active)
          return { kind: 'moved', active: state.active, expected: wanted.base, error: 'the base moved' }
        state.lastPrepare = wanted
        prepared = `${name}-${tokens++}`
        const listeners = { kept: ['mx'], opened: [], closed: [] }
        const expiresAt = time.now() + state.tokenLifeMs
        return ok({ token: prepared, hash: wanted.hash, base: state.active, listeners, expiresAt })
      }),
    activate: (wanted) =>
      call('activate', () => {
        if (wanted.token !== prepared) return refused('the token is not known')
        const previous = state.active
        state.active = state.lastPrepare!.hash
        state.lastActivate = wanted
        prepared = null
        const { confirmWithinMs, gates, shadow, holdQueue } = wanted
        const confirmBy = confirmWithinMs === null ? null : time.now() + confirmWithinMs
        if (confirmBy !== null) {
          const startedAt = time.now()
          const counts = { decisions: 7, insideBoxes: [2, 1] } as unknown as Trial['counts']
          const trial = { hash: state.active, previous, startedAt, confirmBy, gates, shadow, holdQueue, counts }
          running = trial
          time.at(confirmWithinMs!, () => {
            if (running === trial) end('rolled back', 'not confirmed in time', 'deadline')
          })
        }
        return ok({ hash: state.active, previous, eventLoopGapMs: 0.5, tookMs: 3, confirmBy })
      }),
    abort: (token) =>
      call('abort', () => {
        const aborted = prepared === token
        if (aborted) prepared = null
        return ok({ aborted })
      }),
    confirm: (hash) =>
      call('confirm', () => {
        if (hash !== state.active)
          return { kind: 'moved', active: state.active, expected: hash, error: 'the base moved' }
        end('confirmed', 'confirmed', null)
        return ok({ hash })
      }),
    rollback: (to) =>
      call('rollback', () => {
        if (to === state.active) return refused(`${to} is active already`)
        const previous = state.active
        end('rolled back', 'asked', null)
        state.active = to!
        return ok({ hash: to!, previous, tookMs: 2 })
      }),
    trial: () => call('trial', () => ok({ running, last })),
    journal: () => call('journal', () => ok({ entries: [], broken: null })),
    secrets: () => call('secrets', () => ok([])),
    close: async () => {},
  }
  const candidate: Candidate = { name, groups, client, base: oldGraph, witnesses: [], boxes: [] }
  return {
    ...{ name, client, candidate, calls, state },
    hasPrepared: () => prepared !== null,
    hasTrial: () => running !== null,
    /** The trial ends by itself, as by a gate. */
    trip: (reason: string) => end('rolled back', reason, 'gate'),
    /** Ends at once and is started again with the graph that was confirmed last. */
    restart() {
      end('rolled back', 'the gateway stopped', null)
      last = null
      prepared = null
    },
  }
}
export type FakeGateway = ReturnType<typeof fakeGateway>
