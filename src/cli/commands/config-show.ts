import { relative } from 'node:path'
import { loadSource } from '../../config/load-source.ts'
import { structureSchema } from '../../config/schema-json.ts'
import { findDocument } from '../../config/search.ts'
import { reportedDocument } from '../bundle.ts'
import { type Setting, settingsOf } from '../config-show/settings.ts'
import { flag, type Run, textOption } from '../run.ts'
import { oneLine, table } from '../text.ts'

export const run: Run = async ({ arguments: [wanted], options, terminal }) => {
  const found = await findDocument({ cwd: process.cwd(), file: textOption(options, 'config') })
  // Says what is wrong with it: of such a document nobody knows what would hold.
  await reportedDocument(options, terminal)
  const source = await loadSource(found, { env: textOption(options, 'env') })
  const all = settingsOf(structureSchema(), source, flag(options, 'effective'))
  const shown = wanted === undefined ? all : all.filter(({ path }) => isBelow(path, wanted))
  if (flag(options, 'json')) terminal.out(`${JSON.stringify(shown.map(asJson), null, 2)}\n`)
  else terminal.out(settingsText(shown, flag(options, 'withSource')))
  return 0
}

const isBelow = (path: string, wanted: string): boolean =>
  path === wanted || path.startsWith(`${wanted}.`) || path.startsWith(`${wanted}[`)

function asJson({ path, value, by, from, position }: Setting): object {
  const place = position === null ? null : { ...position, file: relative('.', position.file) }
  return { path, value, source: by, from, position: place }
}

function settingsText(settings: readonly Setting[], withSource: boolean): string {
  if (settings.length === 0) return 'no setting has that name\n'
  const rows = settings.map((setting) => {
    const { path, value } = setting
    const shown = oneLine(typeof value === 'string' ? value : JSON.stringify(value))
    return withSource ? [path, shown, sourceText(setting)] : [path, shown]
  })
  return table(withSource ? ['setting', 'value', 'from'] : ['setting', 'value'], rows)
}

function sourceText({ by, from, position }: Setting): string {
  if (by === 'default') return 'default'
  if (by === 'follows') return `default, as ${from}`
  return position === null ? 'written' : `${relative('.', position.file)}:${position.line}`
}
