import { askableName } from './name.ts'
import type { Question } from './query.ts'
import { maxAliases } from './reply.ts'
import type { Server } from './server.ts'

/** What the servers together made of a question. `ttlMs` is 0 for what may not be kept. */
export type Finding<T = unknown> =
  | Found<T>
  /** `denied` is the name that does not exist; `null` when the name exists and the record does not. */
  | { readonly kind: 'none'; readonly denied: string | null; readonly ttlMs: number; readonly secure: boolean }
  | { readonly kind: 'failed'; readonly why: string }

/** `owner` has the records; absent where it is the name that was asked for, and not one at the end of its aliases. */
export type Found<T = unknown> = {
  readonly kind: 'found'
  readonly values: readonly T[]
  readonly ttlMs: number
  readonly secure: boolean
  readonly owner?: string
  /** From the cache, after its time (RFC 8767). */
  readonly stale?: true
}

export type Rounds = { readonly timeoutMs: number; readonly attempts: number }

/**
 * Asks `servers` in order, the ones that were not heard lately last, until one answers; all of them `attempts` times.
 * Aliases that lead out of an answer are asked for in turn, 8 in all (RFC 1034 §3.6.2).
 */
export async function inquire(question: Question, servers: readonly Server[], rounds: Rounds): Promise<Finding> {
  let name = question.name
  let hops = 0
  let ttlMs = Number.POSITIVE_INFINITY
  // An answer is as sure as its least sure alias: whoever forges one decides where the rest of the chain is.
  let secure = true
  const seen = new Set([name])
  for (;;) {
    const reply = await ask({ type: question.type, name }, servers, rounds)
    if (reply.kind === 'failed') return reply
    if (reply.kind !== 'alias') {
      const whole = { ...reply, ttlMs: Math.min(ttlMs, reply.ttlMs), secure: secure && reply.secure }
      return whole.kind === 'found' && name !== question.name ? { ...whole, owner: whole.owner ?? name } : whole
    }
    const next = askableName(reply.name)
    // The alias exists and leads to a name that cannot: there is no such record.
    if (next === null) return { kind: 'none', denied: null, ttlMs: reply.ttlMs, secure: false }
    hops += reply.hops
    if (hops > maxAliases) return { kind: 'failed', why: `more than ${maxAliases} aliases` }
    if (seen.has(next)) return { kind: 'failed', why: 'the aliases form a loop' }
    seen.add(next)
    ttlMs = Math.min(ttlMs, reply.ttlMs)
    secure &&= reply.secure
    name = next
  }
}

type Said = Finding | Extract<Awaited<ReturnType<Server['ask']>>, { kind: 'alias' }>

async function ask(question: Question, servers: readonly Server[], { timeoutMs, attempts }: Rounds): Promise<Said> {
  const why = new Map<string, string>()
  for (let round = 0; round < attempts; round++) {
    const order = [...servers].sort((a, b) => Number(a.shunned) - Number(b.shunned))
    for (const server of order) {
      const reply = await server.ask(question, timeoutMs, round > 0)
      if (reply.kind === 'found' || reply.kind === 'none' || reply.kind === 'alias') return reply
      why.set(server.label, 'why' in reply ? reply.why : reply.kind)
    }
  }
  const reasons = [...why].map(([server, reason]) => `${server}: ${reason}`).join('; ')
  return { kind: 'failed', why: `${question.name} ${question.type.name}: ${reasons || 'no name server is known'}` }
}
