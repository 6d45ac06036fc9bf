import type { OverlayView } from '../../admin/operations.ts'
import type { Overlay } from '../../graph/overlay.ts'
import { conditionsText, overlaysOf } from '../overlay-request.ts'
import { flag, type Run } from '../run.ts'
import { durationText, table } from '../text.ts'

export const overlayList =
  (kind: Overlay['kind']): Run =>
  async ({ options, terminal }) => {
    const overlays = await overlaysOf(options, kind)
    if (flag(options, 'json')) terminal.out(`${JSON.stringify(overlays, null, 2)}\n`)
    else terminal.out(overlays.length === 0 ? `there is no ${kind}\n` : overlaysText(overlays, Date.now()))
    return 0
  }

export const overlaysText = (overlays: readonly OverlayView[], now: number): string =>
  table(
    ['id', 'what', 'ends', 'owner', 'reason'],
    overlays.map((overlay) => [
      overlay.id,
      `${conditionsText(overlay)}${overlay.held === null ? '' : ` (${overlay.held} recipients wait)`}`,
      `in ${durationText(overlay.until - now)}`,
      overlay.owner,
      overlay.reason,
    ]),
  )
