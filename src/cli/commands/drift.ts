import { driftExit, driftOf, driftText } from '../fleet/drift.ts'
import { readHead } from '../fleet/head.ts'
import { askMembers, closeAll, memberHere } from '../fleet/members.ts'
import { flag, type Run, textOption } from '../run.ts'
import { stateDirOf } from '../state-dir.ts'

export const run: Run = async ({ options, terminal }) => {
  const head = await readHead(options, terminal)
  const isHere = textOption(options, 'stateDir') !== null || head.document.gateways.length === 0
  const members = isHere ? [await memberHere(stateDirOf(options))] : await askMembers(head.document, head.folder)
  try {
    const drifts = await driftOf(members, head, textOption(options, 'env'))
    const { name, commit } = head
    if (flag(options, 'json'))
      terminal.out(`${JSON.stringify({ document: name, commit, gateways: drifts }, null, 2)}\n`)
    else terminal.out(driftText(drifts, head))
    return driftExit(drifts)
  } finally {
    await closeAll(members)
  }
}
