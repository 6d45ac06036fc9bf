import { userInfo } from 'node:os'
import type { QueueActionName, QueueRequest } from '../../admin/queue-operations.ts'
import type { QueueOutcome } from '../../queue/operations.ts'
import { askForJson } from '../admin-client.ts'
import { selectorOf } from '../queue/conditions.ts'
import { outcomeText } from '../queue/outcome-text.ts'
import { CommandError, flag, type Invocation, type Run, textOption } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

/** More messages than these are given up or dropped only when `--yes` was said: a slip must not cost a queue. */
const withoutAsking = 100

/** The commands that move what waits. */
export const queueAct =
  (action: QueueActionName): Run =>
  async (invocation) => {
    const { options, terminal } = invocation
    const dryRun = flag(options, 'dryRun')
    const isFinal = action === 'fail' || action === 'drop'
    const atMost = isFinal && !flag(options, 'yes') ? withoutAsking : null
    const request: Omit<QueueRequest, 'action'> = {
      selector: selectorOf(invocation, `queue ${action}`),
      dryRun,
      atMost,
      onBehalfOf: userInfo().username,
      reason: reasonOf(options, action, dryRun),
      notify: options['notify'] !== false,
      via: textOption(options, 'via'),
    }
    const socket = socketOf(stateDirOf(options))
    const answer = await askForJson(socket, 'POST', `/v1/queue/${action}`, JSON.stringify(request))
    const outcome = answer as QueueOutcome
    if (flag(options, 'json')) terminal.out(`${JSON.stringify(outcome, null, 2)}\n`)
    const { done, messages } = outcome
    if (!dryRun && !done && atMost !== null && messages > atMost) {
      throw new CommandError(
        `${messages} messages are selected, more than ${atMost}: nothing was done; say --yes as well`,
      )
    }
    if (!flag(options, 'json')) terminal.out(outcomeText(action, outcome, Date.now()))
    return outcome.recipients > 0 || request.selector.all || dryRun ? 0 : 1
  }

function reasonOf(options: Invocation['options'], action: QueueActionName, dryRun: boolean): string | null {
  if (action !== 'hold' && action !== 'fail' && action !== 'drop') return null
  const reason = textOption(options, 'reason')
  if (reason === null && !dryRun) throw new CommandError(`queue ${action}: say why by --reason; the journal keeps it`)
  return reason ?? 'not said'
}
