import { dirname, relative, sep } from 'node:path'
import type { Diagnostic } from '../config/diagnostic.ts'
import type { Position } from '../config/positions.ts'

/** Where the files of a report are named from: the repository's root in CI, as the services that read them expect. */
export type ReportPlace = {
  readonly root: string
  /** Stands for what has no place of its own, such as a document that was not found. */
  readonly document: string | null
}

/**
 * Diagnostics as SARIF 2.1.0 (OASIS), for GitHub code scanning, editors, and whatever else reads it. Columns count
 * UTF-16 code units, as ours do; files are relative to `%SRCROOT%`.
 */
export function sarif(diagnostics: readonly Diagnostic[], version: string, place: ReportPlace): object {
  const location = ({ file, line, column, endColumn }: Position) => ({
    physicalLocation: {
      artifactLocation: { uri: uriOf(file, place.root), uriBaseId: '%SRCROOT%' },
      region: { startLine: line, startColumn: column, endColumn: Math.max(endColumn, column + 1) },
    },
  })
  const ids = [...new Set(diagnostics.map(({ code }) => code))].sort()
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'mailgw', semanticVersion: version, rules: ids.map((id) => ({ id })) } },
        columnKind: 'utf16CodeUnits',
        results: diagnostics.map(({ code, severity, message, hint, position, related }) => ({
          ruleId: code,
          ruleIndex: ids.indexOf(code),
          level: severity,
          message: { text: hint === null ? message : `${message}; ${hint}` },
          // Code scanning refuses a whole report for one result that has no place.
          locations: [location(position ?? firstLine(place))],
          relatedLocations: related.map((part) => ({ ...location(part.position), message: { text: part.message } })),
        })),
      },
    ],
  }
}

/**
 * Diagnostics as workflow commands of GitHub Actions, a line each. What comes from the document is escaped: a line end
 * in it would otherwise begin another command.
 */
export function githubAnnotations(diagnostics: readonly Diagnostic[], place: ReportPlace): string {
  return diagnostics
    .map(({ code, severity, message, hint, position }) => {
      const { file, line, column, endColumn } = position ?? firstLine(place)
      const properties = {
        file: wayOf(file, place.root),
        line,
        col: column,
        endColumn: Math.max(endColumn, column + 1),
        title: `mailgw ${code}`,
      }
      const list = Object.entries(properties).map(([name, value]) => `${name}=${property(String(value))}`)
      return `::${severity} ${list.join(',')}::${data(hint === null ? message : `${message}; ${hint}`)}\n`
    })
    .join('')
}

const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')

const firstLine = ({ document, root }: ReportPlace): Position => ({
  file: document ?? `${root}${sep}mailgw.config.ts`,
  line: 1,
  column: 1,
  endColumn: 2,
})

/** What lies outside of the repository is named by its last folder: a report must not tell the paths of a machine. */
function wayOf(file: string, root: string): string {
  const way = relative(root, file)
  const shown = way.startsWith('..') ? relative(dirname(dirname(file)), file) : way
  return shown.split(sep).join('/')
}

const uriOf = (file: string, root: string): string => wayOf(file, root).split('/').map(encodeURIComponent).join('/')
