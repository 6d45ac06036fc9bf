import { askForJson } from '../admin-client.ts'
import { CommandError, flag, type Run, textOption } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

export const run: Run = async ({ arguments: ids, options, terminal }) => {
  const selector = {
    ids,
    all: flag(options, 'all'),
    recipient: textOption(options, 'recipient'),
    domain: textOption(options, 'domain'),
    sender: textOption(options, 'sender'),
  }
  if (
    !selector.all &&
    ids.length === 0 &&
    selector.recipient === null &&
    selector.domain === null &&
    selector.sender === null
  ) {
    throw new CommandError('queue retry: name ids, or one of --all, --recipient, --domain, --sender')
  }
  const answer = (await askForJson(
    socketOf(stateDirOf(options)),
    'POST',
    '/queue/retry',
    JSON.stringify(selector),
  )) as { retried: number }
  terminal.out(flag(options, 'json') ? `${JSON.stringify(answer)}\n` : `${answer.retried} recipients are tried now\n`)
  return answer.retried === 0 && !selector.all ? 1 : 0
}
