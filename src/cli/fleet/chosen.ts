import { dirname } from 'node:path'
import { reportedDocument } from '../bundle.ts'
import { CommandError, flag, type Invocation, type Terminal, textOption } from '../run.ts'
import { wanted } from './apply-options.ts'
import { askMembers, type Member } from './members.ts'
import { choose } from './waves.ts'

/** True when a command is meant for gateways that a document names, and not for the one of the state folder. */
export const isForFleet = (options: Invocation['options']): boolean =>
  flag(options, 'all') || textOption(options, 'gateways') !== null

/** The gateways that `--all` or `--gateways` means; the caller closes them. */
export async function chosenMembers(options: Invocation['options'], terminal: Terminal): Promise<readonly Member[]> {
  const { loaded } = await reportedDocument(options, terminal)
  const { document, file } = loaded
  if (document.gateways.length === 0) throw new CommandError('the document names no gateways')
  const members = await askMembers(document, dirname(file))
  const named = textOption(options, 'gateways')
  return named === null ? members : wanted('gateways', choose(members, named))
}
