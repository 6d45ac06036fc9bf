import { userInfo } from 'node:os'
import type { OverlayView } from '../admin/operations.ts'
import type { OverlayRequest } from '../admin/overlay-store.ts'
import type { Reading } from '../config/patterns.ts'
import type { Overlay, Restriction } from '../graph/overlay.ts'
import { parseDuration } from '../mail/duration.ts'
import { askForJson } from './admin-client.ts'
import { CommandError, flag, type Invocation, textOption } from './run.ts'
import { socketOf, stateDirOf } from './state-dir.ts'
import { durationText } from './text.ts'

/** Sends a restriction with whose it is, why and until when, and says what the gateway made of it. */
export async function addOverlay({ options, terminal }: Invocation, restriction: Restriction): Promise<number> {
  const now = Date.now()
  const request: OverlayRequest = { ...overlayPapers(options, now), restriction }
  const socket = socketOf(stateDirOf(options))
  const overlay = (await askForJson(socket, 'POST', '/v1/overlays', JSON.stringify(request))) as Overlay
  if (flag(options, 'json')) terminal.out(`${JSON.stringify(overlay, null, 2)}\n`)
  else {
    const until = `for ${durationText(overlay.until - now)}, until ${new Date(overlay.until).toISOString()}`
    terminal.out(`${overlay.id}: ${conditionsText(overlay)} ${until}\n`)
  }
  return 0
}

/** Whose it is, why, and until when. */
export const overlayPapers = (options: Invocation['options'], now: number): Omit<OverlayRequest, 'restriction'> => ({
  owner: textOption(options, 'owner') ?? userInfo().username,
  reason: textOption(options, 'reason') ?? missing('--reason', 'why'),
  until: untilOf(options, now),
})

/** The overlays of one kind. */
export async function overlaysOf(options: Invocation['options'], kind: Overlay['kind']): Promise<OverlayView[]> {
  const answer = await askForJson(socketOf(stateDirOf(options)), 'GET', '/v1/overlays')
  return (answer as { overlays: OverlayView[] }).overlays.filter((one) => one.kind === kind)
}

function untilOf(options: Invocation['options'], now: number): number {
  const [lasts, ends] = [textOption(options, 'for'), textOption(options, 'until')]
  if (lasts !== null && ends !== null) throw new CommandError('give --for or --until, not both')
  if (lasts !== null) {
    const parsed = parseDuration(lasts)
    if (!parsed.ok) throw new CommandError(`--for: ${parsed.error}`)
    return now + parsed.value
  }
  if (ends === null) return missing('--for or --until', 'when it ends')
  const at = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d))?$/.test(ends) ? Date.parse(ends) : Number.NaN
  if (Number.isNaN(at)) {
    throw new CommandError(
      `--until: expected a time with its zone, such as 2030-01-31T18:00:00Z, or a day, got ${JSON.stringify(ends)}`,
    )
  }
  return at
}

function missing(option: string, what: string): never {
  throw new CommandError(`${option} is missing: an overlay says ${what}`)
}

/** The value of an option, read as documents are; `null` when it was not given. */
export function readOption<T>(
  options: Invocation['options'],
  name: string,
  read: (text: string) => Reading<T>,
): T | null {
  const text = textOption(options, name)
  if (text === null) return null
  const reading = read(text)
  if (reading.ok) return reading.value
  throw new CommandError(`--${name}: ${reading.error}${reading.hint === null ? '' : ` (${reading.hint})`}`)
}

/** What an overlay does, in words. */
export function conditionsText(overlay: Overlay): string {
  switch (overlay.kind) {
    case 'ban':
      return `refuses client ${overlay.client}`
    case 'hold':
      return `holds mail for ${overlay.domain ?? overlay.nextHop}`
    case 'deny': {
      const { client, sender, recipient, listener, code } = overlay
      const parts = [
        client === null ? [] : [`client ${client}`],
        sender === null ? [] : [`sender ${sender}`],
        recipient === null ? [] : [`recipient ${recipient}`],
        listener === null ? [] : [`listener ${listener}`],
      ].flat()
      return `refuses ${parts.join(', ')} with ${code}`
    }
  }
}
