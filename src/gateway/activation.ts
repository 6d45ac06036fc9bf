import { randomBytes } from 'node:crypto'
import type { Identity } from '../admin/access.ts'
import type { GraphStore } from '../admin/graph-store.ts'
import type { Journal } from '../admin/journal.ts'
import type { LoopGap } from '../admin/loop-gap.ts'
import type { Answer } from '../admin/operations.ts'
import type {
  Aborted,
  AbortRequest,
  Activated,
  ActivateRequest,
  Confirmed,
  ConfirmRequest,
  EndedTrial,
  Pending,
  Prepared,
  PrepareRequest,
  RollbackRequest,
  RolledBack,
  TrialAnswer,
  Uploaded,
} from '../admin/protocol.ts'
import { checkWitnesses } from '../admin/witnesses.ts'
import type { Flat } from '../graph/flat.ts'
import { queuedFacts, routeOf } from '../graph/route-of.ts'
import type { AskOracle } from '../ingress/inquiry.ts'
import type { Clock, Timer } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import type { Mailbox } from '../mail/path.ts'
import type { DeliveryResult } from '../queue/dispatcher.ts'
import type { QueueEntry } from '../queue/entry.ts'
import { missingFiles } from './credential-files.ts'
import { inTurn } from './in-turn.ts'
import { type Live, prepareStored, storeBundle } from './live.ts'
import { openTrial, type TrialRequest } from './open-trial.ts'
import { routeDiffers } from './route-differs.ts'
import type { Sockets, SocketsChange } from './sockets.ts'
import { unusableSource } from './start-egress.ts'
import type { Trial, TrialEnd } from './trial.ts'

export type ActivationParts = {
  readonly store: GraphStore
  readonly sockets: Sockets
  readonly journal: Journal
  readonly loopGap: LoopGap
  readonly ask: AskOracle
  readonly clock: Clock
  readonly log: Log
  /** The pointer has moved: whatever keeps something of a graph takes the new one's. */
  readonly swapped: (live: Live) => void
  /** Recipients that waited for the end of a trial may go on. */
  readonly resumed: () => void
  /** How many wait. */
  readonly paused: () => number
  readonly isDraining: () => boolean
}

/**
 * Which graph serves. States, and what a crash leaves of each (`docs/apply.md`):
 *   serving    `active` names the graph
 *   prepared   also holds a graph made ready, with its sockets bound, for ten minutes at most; a crash forgets it
 *   trial      another graph serves than the one that `active` names; a crash comes back to that one
 * What takes long (tables, secrets, witnesses) is done aside. Only the steps that move the pointer wait for each other,
 * and none of them waits for a peer, so that the end of a trial is never late.
 */
export type Activation = {
  readonly live: Live
  readonly pending: Pending
  trial(): TrialAnswer
  /** Takes over the file; `null`: whatever hash it has. */
  upload(file: string, hash: string | null): Promise<Answer<Uploaded>>
  prepare(request: PrepareRequest, identity: Identity): Promise<Answer<Prepared>>
  activate(request: ActivateRequest, identity: Identity): Promise<Answer<Activated>>
  abort(request: AbortRequest, identity: Identity): Promise<Answer<Aborted>>
  confirm(request: ConfirmRequest, identity: Identity): Promise<Answer<Confirmed>>
  rollback(request: RollbackRequest, identity: Identity): Promise<Answer<RolledBack>>
  /** True while deliveries to this recipient wait for the end of a trial. */
  pauses(mailbox: Mailbox, entry: QueueEntry): boolean
  delivery(result: DeliveryResult, recipients: number): void
  /** Forgets what is prepared, and stops the clock of a trial: the next start comes back from it. */
  close(): Promise<void>
}

const tokenLifeMs = 10 * 60_000

type PreparedGraph = {
  readonly token: string
  readonly next: Live
  readonly base: string
  readonly change: SocketsChange
  readonly request: PrepareRequest
  readonly actor: string
  readonly expiresAt: number
  readonly timer: Timer
}

type RunningTrial = { readonly trial: Trial; readonly before: Live; readonly plain: Live; readonly papers: Papers }

/** What the journal has of an activation, for the entries that follow from it. */
type Papers = {
  readonly onBehalfOf: string | null
  readonly commit: string | null
  readonly planHash: string | null
  readonly gates: ActivateRequest['gates']
}

const itself: Identity = { actor: 'gateway', scopes: new Set() }

export function openActivation(first: Live, parts: ActivationParts): Activation {
  const { store, sockets, journal, loopGap, ask, clock, log, swapped, isDraining } = parts
  let live = first
  let prepared: PreparedGraph | null = null
  let running: RunningTrial | null = null
  let last: EndedTrial | null = null
  /** Nearly always what is prepared next. To read it from the disk again takes this thread's time. */
  let uploaded: Flat | null = null

  const exclusive = inTurn()
  const building = inTurn()

  const moved = (expected: string): Answer<never> => ({
    kind: 'base-moved',
    error: `the base moved: expected ${expected}, active is ${live.hash}`,
    active: live.hash,
    expected,
  })
  const refused = (error: string, more: object = {}): Answer<never> => {
    log.warn('apply.refused', { graph: live.hash, error })
    return { kind: 'refused', error, ...more }
  }

  function forget(why: string, actor = itself.actor): void {
    if (prepared === null) return
    const { next, base, change, timer, request } = prepared
    prepared = null
    timer.cancel()
    change.abort()
    void journal.write({ actor, action: 'abort', from: base, to: next.hash, reason: why, ...papersOf(request) })
  }

  async function prepare(request: PrepareRequest, identity: Identity): Promise<Answer<Prepared>> {
    const base = request.base ?? live.hash
    const noted = { actor: identity.actor, action: 'prepare' as const, from: base, to: request.hash }
    const note = (result: string) => journal.write({ ...noted, ...papersOf(request), reason: request.reason, result })
    const nack = async (error: string, more: object = {}) => {
      await note(error)
      return refused(error, more)
    }
    const obstacle = (): string | null => {
      if (isDraining()) return 'the gateway is stopping'
      return running === null ? null : `a trial of ${running.trial.hash} runs; confirm it or roll it back first`
    }
    const early = obstacle()
    if (early !== null) return await nack(early)
    if (base !== live.hash) return moved(base)
    const ready = await prepareStored(request.hash, store, ask, uploaded)
    uploaded = null
    if (!ready.ok) return await nack(ready.error)
    const next = ready.value
    const wrong = await checkWitnesses(next.evaluator, request.witnesses ?? [])
    if (wrong !== null) return await nack(wrong.error, wrong)
    const missing = (await missingFiles(next.control)) ?? (await unusableSource(next.control))
    if (missing !== null) return await nack(missing)
    const answer = await exclusive(async (): Promise<Answer<Prepared>> => {
      const late = obstacle()
      if (late !== null) return await nack(late)
      if (base !== live.hash) return moved(base)
      forget('another graph was prepared')
      const change = await sockets.prepare(next.control).catch((error: Error) => error)
      if (change instanceof Error) return await nack(change.message)
      const token = randomBytes(24).toString('base64url')
      const expiresAt = clock.now() + tokenLifeMs
      const timer = clock.setTimeout(() => forget('not activated in time'), tokenLifeMs)
      prepared = { token, next, base, change, request, actor: identity.actor, expiresAt, timer }
      const { kept, opened, closed } = change
      return { kind: 'done', body: { token, hash: next.hash, base, listeners: { kept, opened, closed }, expiresAt } }
    })
    if (answer.kind === 'done') {
      log.info('apply.prepared', { graph: next.hash, base, actor: identity.actor })
      await note('ok')
    }
    return answer
  }

  function activate(request: ActivateRequest, identity: Identity): Promise<Answer<Activated>> {
    return exclusive(async () => {
      const begun = performance.now()
      if (prepared === null || prepared.token !== request.token) {
        return refused('the token is not known: it was used, it expired, or another graph was prepared since')
      }
      if (isDraining()) return refused('the gateway is stopping')
      const { next, base, change, timer } = prepared
      if (base !== live.hash) return moved(base)
      if (request.shadow && prepared.request.boxes === null) {
        return refused('shadow needs the reviewed boxes, which prepare did not bring')
      }
      const isTrial = request.confirmWithinMs !== null && next.hash !== base
      const gap = loopGap.watch()
      const papers = { ...papersOf(prepared.request), gates: request.gates }
      const note = (result: string) =>
        journal.write({
          actor: identity.actor,
          action: 'activate',
          from: base,
          to: next.hash,
          ...papers,
          reason,
          result,
        })
      const { reason, boxes } = prepared.request
      try {
        if (!(await store.has(next.hash))) throw new Error('its file is gone')
        if (isTrial) await store.beginTrial({ hash: next.hash, previous: base })
        else await store.activate(next.hash)
      } catch (error) {
        gap()
        const why = `the graph cannot be stored: ${(error as Error).message}`
        await note(why)
        return refused(why)
      }
      // From here on nothing can fail. One pointer moves; transactions keep the admission that they began with.
      prepared = null
      timer.cancel()
      if (isTrial) beginTrial(next, { ...request, confirmWithinMs: request.confirmWithinMs! }, boxes ?? [], papers)
      else live = next
      change.commit()
      swapped(live)
      const eventLoopGapMs = gap()
      const tookMs = performance.now() - begun
      const { opened, closed } = change
      const kind = next.hash === base ? 'unchanged' : isTrial ? 'trial' : 'active'
      const { actor } = identity
      log.info('apply.done', { kind, graph: next.hash, previous: base, actor, opened, closed, eventLoopGapMs, tookMs })
      await note('ok')
      const confirmBy = running?.trial.view(0).confirmBy ?? null
      return { kind: 'done', body: { hash: next.hash, previous: base, eventLoopGapMs, tookMs, confirmBy } }
    })
  }

  function beginTrial(
    next: Live,
    request: TrialRequest,
    boxes: NonNullable<PrepareRequest['boxes']>,
    papers: Papers,
  ): void {
    const before = live
    const onEnd = (end: TrialEnd) => void back(trial, end)
    const { trial, admission } = openTrial({ before, next, request, boxes, ask, clock, log, onEnd })
    running = { trial, before, plain: next, papers }
    live = { ...next, admission }
  }

  /** The trial has ended by itself. */
  function back(trial: Trial, { cause, reason, detail }: TrialEnd): Promise<unknown> {
    return exclusive(async () => {
      // Somebody was faster, or the next start comes back.
      if (running?.trial !== trial || isDraining()) return
      await goBack(running, itself, { cause, reason, detail })
    }).catch((error: Error) => log.error('trial.rollback-failed', { graph: live.hash, error: error.message }))
  }

  async function goBack(
    { trial, before, papers }: RunningTrial,
    { actor }: Identity,
    { cause, reason, detail }: { cause: EndedTrial['cause']; reason: string; detail: unknown },
  ): Promise<RolledBack> {
    const begun = performance.now()
    const from = trial.hash
    forget('the trial was rolled back')
    const change = await sockets.prepareAnyway(before.control)
    last = trial.close('rolled back', reason, cause, parts.paused())
    running = null
    live = before
    change.commit()
    swapped(live)
    const tookMs = performance.now() - begun
    log.warn('trial.rolled-back', { graph: before.hash, from, cause, reason, actor, tookMs, ...last.counts })
    await endTrial()
    await journal.write({ actor, action: 'rollback', from, to: before.hash, ...papers, reason, detail })
    return { hash: before.hash, previous: from, tookMs }
  }

  /** A file that stays says too little and not too much: `active` decides at a start. */
  const endTrial = () =>
    store.endTrial().catch((error: Error) => log.error('trial.file-stays', { error: error.message }))

  function confirm({ hash }: ConfirmRequest, { actor }: Identity): Promise<Answer<Confirmed>> {
    return exclusive(async () => {
      if (hash !== live.hash) return moved(hash)
      if (running === null) return { kind: 'done', body: { hash } }
      const { trial, before, plain, papers } = running
      try {
        await store.activate(hash)
      } catch (error) {
        return refused(`the graph cannot be stored: ${(error as Error).message}`)
      }
      last = trial.close('confirmed', 'confirmed', null, parts.paused())
      running = null
      live = plain
      parts.resumed()
      log.info('trial.confirmed', { graph: hash, previous: before.hash, actor, ...last.counts })
      await endTrial()
      await journal.write({ actor, action: 'confirm', from: before.hash, to: hash, ...papers })
      return { kind: 'done', body: { hash } }
    })
  }

  async function rollback({ to, reason }: RollbackRequest, identity: Identity): Promise<Answer<RolledBack>> {
    const [, earlier] = await store.history()
    const target = to ?? running?.before.hash ?? earlier ?? null
    if (target === null) return refused('there is no graph before this one')
    if (isDraining()) return refused('the gateway is stopping')
    if (target === live.hash) return refused(`${target} is active already`)
    const ready = running?.before.hash === target ? null : await prepareStored(target, store, ask)
    if (ready !== null && !ready.ok) return refused(ready.error)
    return await exclusive(async () => {
      const why = { cause: null, reason, detail: null }
      if (isDraining()) return refused('the gateway is stopping')
      if (running?.before.hash === target) return { kind: 'done', body: await goBack(running, identity, why) }
      // A trial that went back by itself meanwhile.
      if (target === live.hash || ready === null) return moved(target)
      return await goTo(ready.value, identity, reason)
    })
  }

  /** To a graph that the gateway keeps, also out of a trial. */
  async function goTo(next: Live, { actor }: Identity, reason: string): Promise<Answer<RolledBack>> {
    const begun = performance.now()
    const from = live.hash
    forget('another graph was activated')
    const change = await sockets.prepare(next.control).catch((error: Error) => error)
    if (change instanceof Error) return refused(change.message)
    try {
      await store.activate(next.hash, 'back')
    } catch (error) {
      change.abort()
      return refused(`the graph cannot be stored: ${(error as Error).message}`)
    }
    const ended = running
    if (ended !== null) last = ended.trial.close('rolled back', reason, null, parts.paused())
    running = null
    live = next
    change.commit()
    swapped(live)
    const tookMs = performance.now() - begun
    log.warn('apply.rolled-back', { graph: next.hash, from, reason, actor, tookMs })
    if (ended !== null) await endTrial()
    await journal.write({ actor, action: 'rollback', from, to: next.hash, reason })
    return { kind: 'done', body: { hash: next.hash, previous: from, tookMs } }
  }

  return {
    get live() {
      return live
    },
    get pending(): Pending {
      if (running !== null) {
        const { hash, previous, confirmBy } = running.trial.view(0)
        return { kind: 'trial', hash, previous, confirmBy }
      }
      if (prepared === null) return { kind: 'none' }
      const { next, base, actor, expiresAt, request } = prepared
      return { kind: 'prepared', hash: next.hash, base, actor, reason: request.reason, expiresAt }
    },
    trial: () => ({ running: running?.trial.view(parts.paused()) ?? null, last }),
    upload: (file, hash) =>
      building(async () => {
        const known = hash !== null && (await store.has(hash))
        const stored = await storeBundle(file, hash, store)
        if (!stored.ok) return refused(stored.error)
        uploaded = stored.value
        return { kind: 'done', body: { hash: stored.value.hash, known } }
      }),
    prepare: (request, identity) => building(() => prepare(request, identity)),
    activate,
    abort: ({ token }, identity) =>
      exclusive(async () => {
        const aborted = prepared?.token === token
        if (aborted) forget('given up', identity.actor)
        return { kind: 'done', body: { aborted } }
      }),
    confirm,
    rollback,
    pauses(mailbox, entry) {
      if (running === null || !running.trial.holdQueue) return false
      const routeBy = ({ evaluator }: Live) => routeOf(evaluator, mailbox, queuedFacts(evaluator, entry))
      return routeDiffers(routeBy(running.before), routeBy(live))
    },
    delivery: (result, recipients) => running?.trial.delivery(result, recipients),
    close: () =>
      exclusive(async () => {
        forget('the gateway stopped')
        if (running !== null) last = running.trial.close('rolled back', 'the gateway stopped', null, parts.paused())
        running = null
      }),
  }
}

const papersOf = ({ actor, commit, planHash }: PrepareRequest) => ({ onBehalfOf: actor, commit, planHash })
