import type { Status } from '../../admin/operations.ts'
import { askForJson } from '../admin-client.ts'
import { flag, type Run } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'
import { bytesText, durationText, table } from '../text.ts'
import { overlaysText } from './overlay-list.ts'

export const run: Run = async ({ options, terminal }) => {
  const status = (await askForJson(socketOf(stateDirOf(options)), 'GET', '/status')) as Status
  terminal.out(flag(options, 'json') ? `${JSON.stringify(status, null, 2)}\n` : statusText(status, Date.now()))
  return 0
}

function statusText(status: Status, now: number): string {
  const counts = (record: Readonly<Record<string, number>>) =>
    Object.entries(record)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ')
  const lines = [
    `mailgw ${status.version}, pid ${status.pid}, up ${durationText(now - status.startedAt)}${status.draining ? ', draining' : ''}`,
    `graph     ${status.graph}`,
    `hostname  ${status.hostname}`,
    `sessions  ${status.sessions} in, ${status.connectionsOut} out`,
    `queue     ${counts(status.queue)}`,
    ...bannedText(status),
    `memory    ${bytesText(status.memory.rssBytes)}, longest gap of the event loop ${status.eventLoopGapMs.toFixed(1)} ms`,
    '',
    table(
      ['listener', 'kind', 'address', 'sessions'],
      status.listeners.map((listener) => [
        listener.name,
        listener.kind,
        listener.addresses.join(' '),
        String(listener.sessions),
      ]),
    ),
  ]
  if (status.nextHops.length > 0)
    lines.push(table(['next hop', 'state', 'waiting', 'active', 'why'], status.nextHops.map(nextHopRow)))
  if (status.overlays.length > 0) lines.push(`overlays\n${overlaysText(status.overlays, now)}`)
  return `${lines.join('\n')}\n`
}

/** A line only when there is something in it. A gateway before bans does not say. */
function bannedText({ banned }: Status): string[] {
  const { clients = 0, accounts = 0 } = (banned as Status['banned'] | undefined) ?? {}
  if (clients + accounts === 0) return []
  return [`banned    ${clients} clients, ${accounts} accounts locked (mailgw ban list)`]
}

function nextHopRow(value: unknown): string[] {
  const hop = value as { nextHop?: unknown; state?: unknown; waiting?: unknown; active?: unknown; why?: unknown }
  return [hop.nextHop, hop.state, hop.waiting, hop.active, hop.why ?? ''].map(String)
}
