import { randomInt } from 'node:crypto'
import type { Identity } from '../admin/access.ts'
import type { Journal } from '../admin/journal.ts'
import type { OverlayView } from '../admin/operations.ts'
import { type OverlayChange, type OverlayRequest, openOverlays } from '../admin/overlay-store.ts'
import type { Overlay } from '../graph/overlay.ts'
import type { Admission } from '../ingress/admission.ts'
import { restrictedAdmission } from '../ingress/restricted-admission.ts'
import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import type { Route } from '../mail/next-hop.ts'
import type { Mailbox } from '../mail/path.ts'
import type { Result } from '../mail/result.ts'
import type { Pause } from '../queue/pauses.ts'
import type { Queue } from '../queue/queue.ts'

/** The overlays of a gateway, where they are asked: by sessions, by the queue, and by operators. */
export type Overlays = {
  restrict(admission: Admission): Admission
  /** The route, or that the recipient waits for the end of a hold. */
  route(mailbox: Mailbox, route: Route): Route | Pause
  /** Whose recipients holds concern, once it is open. */
  concern(queue: Pick<Queue, 'reroute' | 'release' | 'paused'>): void
  list(): readonly OverlayView[]
  add(request: OverlayRequest, identity: Identity): Promise<Result<Overlay>>
  remove(id: string, identity: Identity): Promise<Overlay | null>
  close(): void
}

export type OverlaysParts = {
  readonly file: string
  readonly journal: Journal
  readonly clock: Clock
  readonly log: Log
}

/** @throws OverlayError when the file cannot be read */
export async function startOverlays({ file, journal, clock, log }: OverlaysParts): Promise<Overlays> {
  let queue: Parameters<Overlays['concern']>[0] | null = null
  const changed = ({ kind, overlay }: OverlayChange): void => {
    if (kind === 'expired') void write('gateway', kind, overlay)
    if (overlay.kind !== 'hold') return
    if (kind === 'added') queue?.reroute()
    else queue?.release(overlay.id)
  }
  const write = (actor: string, result: string, overlay: Overlay): Promise<void> => {
    const { owner, reason } = overlay
    return journal.write({ actor, action: 'overlay', onBehalfOf: owner, reason, result, detail: overlay })
  }
  const store = await openOverlays({ file, clock, log, random: randomInt, changed })
  const restrictions = () => store.restrictions
  // One for each graph: a transaction keeps the one that it began with.
  const restricted = new WeakMap<Admission, Admission>()

  return {
    restrict(admission) {
      let known = restricted.get(admission)
      if (known === undefined) restricted.set(admission, (known = restrictedAdmission(admission, restrictions)))
      return known
    },
    route(mailbox, route) {
      const { holds, hold } = store.restrictions
      if (!holds || route.kind !== 'next-hop') return route
      const overlay = hold(mailbox, route.nextHop)
      if (overlay === null) return route
      const { id, owner, reason, until } = overlay
      return { kind: 'pause', by: id, why: `${id}: ${reason} (${owner})`, until }
    },
    concern(opened) {
      queue = opened
    },
    list: () =>
      store.list().map((overlay) => ({
        ...overlay,
        held: overlay.kind === 'hold' ? (queue?.paused(overlay.id) ?? 0) : null,
      })),
    async add(request, identity) {
      const added = await store.add(request)
      if (added.ok) await write(identity.actor, 'added', added.value)
      return added
    },
    async remove(id, identity) {
      const removed = await store.remove(id)
      if (removed !== null) await write(identity.actor, 'removed', removed)
      return removed
    },
    close: store.close,
  }
}
