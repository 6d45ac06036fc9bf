import type { QueuedMessage } from '../../admin/queue-operations.ts'
import { askForJson } from '../admin-client.ts'
import { messageText } from '../queue/message-text.ts'
import { flag, type Run } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

export const run: Run = async ({ arguments: [id = ''], options, terminal }) => {
  const socket = socketOf(stateDirOf(options))
  const message = (await askForJson(socket, 'GET', `/v1/queue/${encodeURIComponent(id)}`)) as QueuedMessage
  terminal.out(flag(options, 'json') ? `${JSON.stringify(message, null, 2)}\n` : messageText(message, Date.now()))
  return 0
}
