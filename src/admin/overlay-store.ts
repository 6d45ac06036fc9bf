import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Overlay, overlayAt, type Restriction, readRestriction } from '../graph/overlay.ts'
import { type Restrictions, restrictions } from '../graph/overlay-match.ts'
import { line, record, ShapeError, text, whole } from '../graph/shape.ts'
import type { Clock, Timer } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import { ok, type Result, wrong } from '../mail/result.ts'

/** What somebody asks for; `until` is epoch ms. */
export type OverlayRequest = {
  readonly owner: string
  readonly reason: string
  readonly until: number
  readonly restriction: Restriction
}

/**
 * The overlays of a gateway, in `<stateDir>/overlays.json`. States of the file at a start:
 *   none         there are none
 *   whole        these; those whose time is over are dropped
 *   unreadable   the gateway does not start: to leave restrictions out is what no start may do by itself
 *   *.tmp        a crash while it was replaced; nobody was told of that change. Removed
 */
export type OverlayStore = {
  /** Oldest first, without those whose time is over. */
  list(): readonly Overlay[]
  /** As sessions and the queue ask them; another value after each change. */
  readonly restrictions: Restrictions
  /** In force and on stable storage when it resolves. */
  add(request: OverlayRequest): Promise<Result<Overlay>>
  /** Gives what was removed, or `null` when there is none of that name. */
  remove(id: string): Promise<Overlay | null>
  close(): void
}

export type OverlayParts = {
  readonly file: string
  readonly clock: Clock
  readonly log: Log
  /** Below `below`, as `randomInt` of node:crypto: names. */
  readonly random: (below: number) => number
  /** After each change: what a hold concerns is to be routed anew. */
  readonly changed: (change: OverlayChange) => void
}

export type OverlayChange = { readonly kind: 'added' | 'removed' | 'expired'; readonly overlay: Overlay }

/** A fault cannot fill the memory or make sessions slow: bans beyond are refused to whoever asks for them. */
export const maxOverlays = 10_000
/** An overlay is for the moment; what shall stay belongs into the document. */
export const maxOverlayMs = 90 * 86_400_000

/** The file is there and cannot be read; the message is for the operator. */
export class OverlayError extends Error {
  override readonly name = 'OverlayError'
}

/** @throws OverlayError */
export async function openOverlays({ file, clock, log, random, changed }: OverlayParts): Promise<OverlayStore> {
  await rm(`${file}.tmp`, { force: true })
  let overlays: readonly Overlay[] = (await stored(file)).filter(({ until }) => until > clock.now())
  const now = (): number => clock.now()
  let asked = restrictions(overlays, now)
  let timer: Timer | null = null
  // One change after the other: each begins with what the one before has left.
  let changing: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(change: () => Promise<T>): Promise<T> => {
    const done = changing.then(change)
    changing = done.catch(() => {})
    return done
  }

  const set = (next: readonly Overlay[]): void => {
    overlays = next
    asked = restrictions(next, now)
    arm()
  }
  const arm = (): void => {
    timer?.cancel()
    timer = null
    if (overlays.length === 0) return
    const first = Math.min(...overlays.map(({ until }) => until))
    timer = clock.setTimeout(() => void inTurn(expire), Math.max(0, first - clock.now()))
  }
  const expire = async (): Promise<void> => {
    const over = overlays.filter(({ until }) => until <= clock.now())
    set(overlays.filter((one) => !over.includes(one)))
    for (const overlay of over) {
      log.info('overlay.expired', fieldsOf(overlay))
      changed({ kind: 'expired', overlay })
    }
    // A start drops them as well: the file may wait for the next change.
    if (over.length > 0) await store(file, overlays).catch((error: Error) => failed(error))
  }
  const failed = (error: Error): void => log.error('overlay.not-stored', { error: error.message })
  const freeId = (kind: string): string => {
    for (;;) {
      const id = `${kind}-${(random(0x1000000) + 0x1000000).toString(16).slice(1)}`
      if (!overlays.some((one) => one.id === id)) return id
    }
  }

  arm()
  return {
    list: () => overlays.filter(({ until }) => until > clock.now()),
    get restrictions() {
      return asked
    },
    add: (request) =>
      inTurn(async () => {
        const checked = readRequest(request, clock.now())
        if (!checked.ok) return checked
        if (overlays.length >= maxOverlays) return wrong(`there are ${maxOverlays} overlays already; remove some first`)
        const { owner, reason, until, restriction } = checked.value
        const overlay = { id: freeId(restriction.kind), owner, reason, since: clock.now(), until, ...restriction }
        await store(file, [...overlays, overlay])
        set([...overlays, overlay])
        log.warn('overlay.added', fieldsOf(overlay))
        changed({ kind: 'added', overlay })
        return ok(overlay)
      }),
    remove: (id) =>
      inTurn(async () => {
        const overlay = overlays.find((one) => one.id === id)
        if (overlay === undefined) return null
        const next = overlays.filter((one) => one !== overlay)
        await store(file, next)
        set(next)
        log.warn('overlay.removed', fieldsOf(overlay))
        changed({ kind: 'removed', overlay })
        return overlay
      }),
    close() {
      timer?.cancel()
      timer = null
    },
  }
}

function readRequest(request: OverlayRequest, now: number): Result<OverlayRequest> {
  const { owner, reason, until } = request
  if (typeof owner !== 'string' || owner.trim() === '') return wrong('owner: expected who is answerable, got nothing')
  if (typeof reason !== 'string' || reason.trim() === '') return wrong('reason: expected why, got nothing')
  if (typeof until !== 'number' || !Number.isSafeInteger(until)) return wrong('until: expected when it ends, epoch ms')
  if (until <= now) return wrong(`until: expected a time to come, got ${new Date(until).toISOString()}`)
  if (until - now > maxOverlayMs) {
    return wrong('until: expected at most 90 days from now; what shall stay belongs into the document')
  }
  try {
    line(owner, 'owner')
    line(reason, 'reason')
  } catch (error) {
    if (error instanceof ShapeError) return wrong(error.message)
    throw error
  }
  const restriction = readRestriction(request.restriction)
  return restriction.ok ? ok({ owner, reason, until, restriction: restriction.value }) : restriction
}

const frame = record({
  format: text(/^mailgw-overlays\/1$/, 'mailgw-overlays/1'),
  overlays: () => {},
})
const common = { id: text(/^(?:deny|ban|hold)-[0-9a-f]{6}$/, 'the id of an overlay'), owner: line, reason: line }
const times = { since: whole(0, Number.MAX_SAFE_INTEGER), until: whole(0, Number.MAX_SAFE_INTEGER) }

async function stored(file: string): Promise<readonly Overlay[]> {
  const written = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (written === null) return []
  try {
    const value: unknown = JSON.parse(written)
    frame(value, 'overlays')
    const { overlays } = value as { overlays: unknown }
    if (!Array.isArray(overlays)) throw new ShapeError('overlays.overlays', 'a list', overlays)
    return overlays.map((one, i) => readOverlay(one, `overlays[${i}]`))
  } catch (error) {
    throw new OverlayError(
      `${file} cannot be read, and without it what it denies would be let in; mend it, or remove it to have none: ${(error as Error).message}`,
    )
  }
}

function readOverlay(value: unknown, where: string): Overlay {
  if (typeof value !== 'object' || value === null) throw new ShapeError(where, 'an overlay', value)
  const { id, owner, reason, since, until, ...restriction } = value as Overlay
  record({ ...common, ...times })({ id, owner, reason, since, until }, where)
  const read = readRestriction(restriction)
  if (!read.ok) throw new ShapeError(where, read.error, restriction)
  return { id, owner, reason, since, until, ...read.value }
}

/** A crash leaves the old file or the new one. */
async function store(file: string, overlays: readonly Overlay[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.tmp`
  const handle = await open(temporary, 'w', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify({ format: 'mailgw-overlays/1', overlays }, null, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, file)
  const folder = await open(dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

const fieldsOf = (overlay: Overlay) => {
  const { id, owner, reason, since, until, kind, ...conditions } = overlay
  return { id, kind, owner, reason, until: new Date(until).toISOString(), ...conditions, at: overlayAt(overlay) }
}
