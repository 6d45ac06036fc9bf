import type { LockOutView } from '../../admin/operations.ts'
import { askForJson } from '../admin-client.ts'
import { CommandError, flag, type Run } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

export const run: Run = async ({ arguments: [account = ''], options, terminal }) => {
  // As logins are counted: without case.
  const path = `/v1/lock-outs/${encodeURIComponent(account.toLowerCase())}`
  const answer = (await askForJson(socketOf(stateDirOf(options)), 'DELETE', path)) as {
    unlocked: readonly LockOutView[]
  }
  if (flag(options, 'json')) terminal.out(`${JSON.stringify(answer.unlocked, null, 2)}\n`)
  else if (answer.unlocked.length > 0) terminal.out(`${account} can log in again\n`)
  if (answer.unlocked.length === 0) throw new CommandError(`${account} was not locked; its failed logins are forgotten`)
  return 0
}
