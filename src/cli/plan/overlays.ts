import type { OverlayView } from '../../admin/operations.ts'
import { askForJson } from '../admin-client.ts'
import { conditionsText } from '../overlay-request.ts'
import { oneLine } from '../text.ts'

/** A restriction of the moment that the running gateway has on top of whichever graph it serves. */
export type PlanOverlay = {
  readonly id: string
  readonly owner: string
  readonly reason: string
  /** What it refuses or holds, in words. */
  readonly says: string
  /** Epoch ms. */
  readonly until: number
}

export async function overlaysInForce(socket: string): Promise<readonly PlanOverlay[]> {
  const { overlays } = (await askForJson(socket, 'GET', '/v1/overlays')) as { overlays: readonly OverlayView[] }
  return overlays.map((one) => ({
    id: one.id,
    owner: one.owner,
    reason: one.reason,
    says: conditionsText(one),
    until: one.until,
  }))
}

/** They stay whatever is applied, so that the mail they refuse is refused before and after. */
export function overlayLines(overlays: readonly PlanOverlay[]): string[] {
  if (overlays.length === 0) return []
  const several = overlays.length === 1 ? 'restriction is' : 'restrictions are'
  return [
    `overlays   ${overlays.length} ${several} in force on top of the graph, before and after; the plan leaves them out`,
    ...overlays
      .slice(0, 10)
      .map(({ id, owner, reason, says, until }) =>
        oneLine(`           ${id}: ${says}, until ${new Date(until).toISOString()} (${owner}: ${reason})`),
      ),
    ...(overlays.length > 10 ? [`           and ${overlays.length - 10} more`] : []),
  ]
}
