import { askForText } from '../admin-client.ts'
import type { Run } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

export const run: Run = async ({ options, terminal }) => {
  terminal.out(await askForText(socketOf(stateDirOf(options)), '/metrics'))
  return 0
}
