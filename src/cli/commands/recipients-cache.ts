import type { RecipientCheckView, RememberedRecipient } from '../../mail/recipient-view.ts'
import { askForJson } from '../admin-client.ts'
import { flag, type Run, textOption } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'
import { durationText, oneLine, table } from '../text.ts'

type Listed = { readonly checks: readonly RecipientCheckView[]; readonly rows: readonly RememberedRecipient[] }

export const run: Run = async ({ arguments: [address], options, terminal }) => {
  const query = new URLSearchParams()
  if (address !== undefined) query.set('address', address)
  for (const name of ['domain', 'limit']) {
    const value = textOption(options, name)
    if (value !== null) query.set(name, value)
  }
  const listed = (await askForJson(socketOf(stateDirOf(options)), 'GET', `/v1/recipients?${query}`)) as Listed
  if (flag(options, 'json')) terminal.out(`${JSON.stringify(listed, null, 2)}\n`)
  else terminal.out(listedText(listed, Date.now()))
  return 0
}

export function listedText({ checks, rows }: Listed, now: number): string {
  if (checks.length === 0) return 'the document has no recipientChecks\n'
  const states = checks.flatMap((check) => {
    const { exists, unknown, error, remembered } = check.answers
    const counts = `${exists} exist, ${unknown} unknown, ${error} not found out, ${remembered} from memory`
    const failing =
      check.state === 'failing' && check.lastError !== null ? ` since ${durationText(now - (check.since ?? now))}` : ''
    const why = check.lastError === null || check.state !== 'failing' ? [] : [`  ${oneLine(check.lastError.why)}`]
    const head = `${check.id} (${check.kind}): ${check.state}${failing}; ${counts}; ${check.remembered} remembered`
    return [head, ...why, ...check.notes.map((note) => `  ${oneLine(note)}`)]
  })
  const listed = rows.map((row) => [
    oneLine(row.address),
    row.kind,
    row.check,
    `${durationText(now - row.askedAt)} ago`,
    row.isFresh ? `for ${durationText(row.until - now)}` : 'stale',
    oneLine(row.reason),
  ])
  const head = ['recipient', 'is', 'check', 'asked', 'holds', 'because']
  return `${states.join('\n')}\n\n${rows.length === 0 ? 'nothing is remembered\n' : table(head, listed)}`
}
