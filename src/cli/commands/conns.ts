import type { ConnectionsView, ConnectionView, IncomingView, OutgoingView } from '../../mail/connection-view.ts'
import { askForJson } from '../admin-client.ts'
import { CommandError, flag, type Run, textOption } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'
import { bytesText, durationText, oneLine, table } from '../text.ts'

export const run: Run = async ({ options, terminal }) => {
  const [isIn, isOut] = [flag(options, 'in'), flag(options, 'out')]
  if (isIn && isOut) throw new CommandError('either --in or --out; without both, all of them are shown')
  const query = new URLSearchParams()
  if (isIn || isOut) query.set('direction', isIn ? 'in' : 'out')
  const limit = textOption(options, 'limit')
  if (limit !== null) query.set('limit', limit)
  const view = (await askForJson(socketOf(stateDirOf(options)), 'GET', `/v1/connections?${query}`)) as ConnectionsView
  if (flag(options, 'json')) terminal.out(`${JSON.stringify(view, null, 2)}\n`)
  else terminal.out(connectionsText(view, { isIn: !isOut, isOut: !isIn }, Date.now()))
  return 0
}

export function connectionsText(
  view: ConnectionsView,
  { isIn, isOut }: { readonly isIn: boolean; readonly isOut: boolean },
  now: number,
): string {
  const incoming = view.connections.filter((one) => one.direction === 'in')
  const outgoing = view.connections.filter((one) => one.direction === 'out')
  const parts = [
    isIn ? `${section('in', incoming.length, view.in)}${inText(incoming, now)}` : null,
    isOut ? `${section('out', outgoing.length, view.out)}${outText(outgoing, now)}` : null,
  ]
  return parts.filter((part) => part !== null).join('\n')
}

const section = (direction: 'in' | 'out', shown: number, all: number): string =>
  `${direction}: ${all}${shown < all ? `, the oldest ${shown} of them` : ''}\n`

function inText(views: readonly IncomingView[], now: number): string {
  if (views.length === 0) return ''
  return table(
    ['listener', 'client', 'helo', ...common],
    views.map((one) => [
      one.listener,
      oneLine(one.by === null ? one.client : `${one.client} by ${one.by}`),
      oneLine(one.helo ?? '-'),
      ...commonCells(one, now),
    ]),
  )
}

function outText(views: readonly OutgoingView[], now: number): string {
  if (views.length === 0) return ''
  return table(
    ['next hop', 'host', 'source', ...common],
    views.map((one) => [oneLine(one.nextHop), oneLine(one.host), one.source ?? '-', ...commonCells(one, now)]),
  )
}

const common = ['since', 'for', 'messages', 'size', 'state', 'from', 'to']

function commonCells({ openedAt, messages, state, tls, transaction }: ConnectionView, now: number): string[] {
  const begun = new Date(openedAt).toISOString().replace(/\.\d+Z$/, 'Z')
  const cells = [begun, durationText(now - openedAt), String(messages)]
  const doing = tls === null ? `${state} (clear)` : state
  if (transaction === null) return [...cells, '-', doing, '-', '-']
  const { from, recipients, recipientCount, sizeBytes } = transaction
  const more = recipientCount > recipients.length ? ` and ${recipientCount - recipients.length} more` : ''
  return [
    ...cells,
    sizeBytes === null ? '-' : bytesText(sizeBytes),
    doing,
    from === '' ? '<>' : oneLine(from),
    recipientCount === 0 ? '-' : `${recipients.map(oneLine).join(' ')}${more}`,
  ]
}
