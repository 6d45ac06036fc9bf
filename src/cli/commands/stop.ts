import { existsSync } from 'node:fs'
import { askForJson } from '../admin-client.ts'
import { flag, type Run } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

/** Returns when the gateway is gone: its socket is the last thing that it removes. */
export const run: Run = async ({ options, terminal }) => {
  const socket = socketOf(stateDirOf(options))
  await askForJson(socket, 'POST', flag(options, 'now') ? '/stop?now=1' : '/stop')
  while (existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 50))
  terminal.out('stopped\n')
  return 0
}
