import type { OverlayView } from '../../admin/operations.ts'
import type { Overlay } from '../../graph/overlay.ts'
import { askForJson } from '../admin-client.ts'
import { overlaysOf } from '../overlay-request.ts'
import { CommandError, flag, type Run } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

/** Removes all that are named, or none when one of the names is not known. */
export const overlayRemove =
  (kind: Overlay['kind']): Run =>
  async ({ arguments: names, options, terminal }) => {
    const overlays = await overlaysOf(options, kind)
    const meant = names.flatMap((name) => {
      const found = overlays.filter((one) => one.id === name)
      if (found.length === 0) throw new CommandError(`there is no ${kind} ${name}`)
      return found
    })
    const removed: OverlayView[] = []
    for (const overlay of new Set(meant)) {
      await askForJson(socketOf(stateDirOf(options)), 'DELETE', `/v1/overlays/${overlay.id}`)
      removed.push(overlay)
    }
    if (flag(options, 'json')) terminal.out(`${JSON.stringify(removed, null, 2)}\n`)
    else terminal.out(removed.map(({ id }) => `${id} removed\n`).join(''))
    return 0
  }
