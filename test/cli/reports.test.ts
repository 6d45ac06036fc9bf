import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { githubAnnotations, sarif } from '../../src/cli/sarif.ts'
import type { Diagnostic } from '../../src/config/diagnostic.ts'
import { tempFolder } from '../support/peer.ts'
import { runHere } from './run-here.ts'

const diagnostic = (more: Partial<Diagnostic>): Diagnostic => ({
  code: 'MG1203',
  severity: 'error',
  message: 'wrong',
  path: 'relays.isp',
  position: { file: '/r/sub folder/mailgw.config.ts', line: 3, column: 5, endColumn: 9 },
  related: [],
  hint: null,
  ...more,
})
const place = { root: '/r', document: '/r/mailgw.config.ts' }

test('an annotation names file, line and columns from the root of the repository', () => {
  expect(githubAnnotations([diagnostic({ hint: 'did you mean "isp"?' })], place)).toBe(
    '::error file=sub folder/mailgw.config.ts,line=3,col=5,endColumn=9,title=mailgw MG1203::wrong; did you mean "isp"?\n',
  )
})

test('a line end in a message cannot begin a workflow command of its own', () => {
  const text = githubAnnotations([diagnostic({ message: '100%\r\n::add-mask::x', severity: 'warning' })], place)
  expect(text.split('\n')).toHaveLength(2)
  expect(text).toContain('::100%25%0D%0A::add-mask::x')
})

test('a comma or colon in the name of a file cannot add a property', () => {
  const position = { file: '/r/a,title=b:c.ts', line: 1, column: 1, endColumn: 1 }
  expect(githubAnnotations([diagnostic({ position })], place)).toContain('file=a%2Ctitle=b%3Ac.ts,line=1')
})

test('a file outside of the repository is named without the folders of the machine', () => {
  const position = { file: '/home/somebody/lib/child.js', line: 1, column: 1, endColumn: 1 }
  expect(JSON.stringify(sarif([diagnostic({ position })], '1.0.0', place))).not.toContain('somebody')
})

test('SARIF has a rule for each code, a place for each result, and paths that are URIs', () => {
  const second = diagnostic({ code: 'MG1001', position: null, severity: 'warning' })
  const related = [{ message: 'first here', position: diagnostic({}).position! }]
  const { version, runs } = sarif([diagnostic({ related }), second, second], '1.0.0', place) as SarifLog
  expect(version).toBe('2.1.0')
  expect(runs[0]!.tool.driver.rules).toEqual([{ id: 'MG1001' }, { id: 'MG1203' }])
  const [first, last] = runs[0]!.results
  expect(first!.ruleIndex).toBe(1)
  expect(first!.level).toBe('error')
  expect(first!.locations[0]!.physicalLocation).toEqual({
    artifactLocation: { uri: 'sub%20folder/mailgw.config.ts', uriBaseId: '%SRCROOT%' },
    region: { startLine: 3, startColumn: 5, endColumn: 9 },
  })
  expect(first!.relatedLocations[0]!.message.text).toBe('first here')
  expect(last!.locations[0]!.physicalLocation.artifactLocation.uri).toBe('mailgw.config.ts')
})

test('check writes a report with the errors of a document, and an empty one for a right document', async () => {
  const folder = tempFolder()
  execFileSync('git', ['init', '-q', folder])
  mkdirSync(join(folder, 'site'))
  const config = join(folder, 'site/mailgw.config.yaml')
  const report = join(folder, 'report.sarif')
  const right =
    'hostname: a.example\npostmaster: p@a.example\nlisteners: { smtp: { kind: mx, bind: "127.0.0.1:2525" } }\ndomains: { a.example: local }\n'
  writeFileSync(config, `${right}relayingg: two-way\n`)
  const bad = await runHere(['check', '--config', config, '--sarif', report, '--github'])
  expect(bad.code).toBe(1)
  expect(bad.out).toMatch(/^::error file=site\/mailgw\.config\.yaml,line=5,col=1,/)
  const { runs } = JSON.parse(readFileSync(report, 'utf8')) as SarifLog
  expect(runs[0]!.results[0]!.locations[0]!.physicalLocation.artifactLocation.uri).toBe('site/mailgw.config.yaml')

  writeFileSync(config, right)
  const good = await runHere(['check', '--config', config, '--sarif', report, '--github'])
  expect(good.code).toBe(0)
  expect((JSON.parse(readFileSync(report, 'utf8')) as SarifLog).runs[0]!.results).toEqual([])
})

type Location = {
  physicalLocation: { artifactLocation: { uri: string; uriBaseId: string }; region: object }
  message?: { text: string }
}
type SarifLog = {
  version: string
  runs: {
    tool: { driver: { rules: { id: string }[] } }
    results: {
      ruleIndex: number
      level: string
      locations: Location[]
      relatedLocations: { message: { text: string } }[]
    }[]
  }[]
}
