import type { SuspendRequest } from '../../admin/destination-operations.ts'
import type { Overlay } from '../../graph/overlay.ts'
import { askForJson } from '../admin-client.ts'
import { destinationPattern } from '../dest/pattern.ts'
import { overlayPapers } from '../overlay-request.ts'
import { flag, type Run } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'
import { durationText } from '../text.ts'

export const run: Run = async ({ arguments: [pattern = ''], options, terminal }) => {
  const now = Date.now()
  const request: SuspendRequest = { pattern: destinationPattern(pattern), ...overlayPapers(options, now) }
  const socket = socketOf(stateDirOf(options))
  const overlay = (await askForJson(socket, 'POST', '/v1/destinations/suspend', JSON.stringify(request))) as Extract<
    Overlay,
    { kind: 'hold' }
  >
  if (flag(options, 'json')) terminal.out(`${JSON.stringify(overlay, null, 2)}\n`)
  else {
    const until = `for ${durationText(overlay.until - now)}, until ${new Date(overlay.until).toISOString()}`
    terminal.out(`${overlay.id}: ${overlay.nextHop} is suspended ${until}\n`)
  }
  return 0
}
