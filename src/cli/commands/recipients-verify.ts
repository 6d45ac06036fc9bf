import type { RecipientAnswer, VerifiedRecipient } from '../../mail/recipient-view.ts'
import { askForJson } from '../admin-client.ts'
import { CommandError, flag, type Run } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'
import { oneLine } from '../text.ts'

const exits: Record<RecipientAnswer['kind'], number> = { exists: 0, unknown: 2, error: 3 }
const words: Record<RecipientAnswer['kind'], string> = {
  exists: 'exists',
  unknown: 'does not exist',
  error: 'could not be found out about',
}

export const run: Run = async ({ arguments: [address], options, terminal }) => {
  if (address === undefined) throw new CommandError('name a recipient, such as ann@corp.example')
  const socket = socketOf(stateDirOf(options))
  const answer = await askForJson(socket, 'POST', '/v1/recipients/verify', JSON.stringify({ address }))
  const { check, steps, answer: found } = answer as VerifiedRecipient
  if (flag(options, 'json')) terminal.out(`${JSON.stringify({ address, check, steps, answer: found }, null, 2)}\n`)
  else {
    const stale = found.remembered === null ? '' : ' (as remembered)'
    const lines = [`check ${check}`, ...steps.map(oneLine)].map((line) => `  ${line}\n`).join('')
    terminal.out(`${lines}${address} ${words[found.kind]}${stale}: ${oneLine(found.reason)}\n`)
  }
  return exits[found.kind]
}
