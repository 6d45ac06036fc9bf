import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadDocument } from '../../../src/config/load.ts'
import { loadCodes, loadMeanings } from '../../../src/config/load-codes.ts'
import { refusal, textAt, written } from './written.ts'

const document = `hostname: gw.corp.example
postmaster: postmaster@corp.example
listeners:
  lan: { kind: internal, bind: "127.0.0.1:2525" }
domains:
  corp.example: local
relays:
  isp: { hosts: "smtp.isp.example:2525" }
localMx: { $table: routes.tsv }
`
const routes = '# pattern\ttarget\ncorp.example\tdeliver\n*\trelay:isp\n'

describe('loadDocument', () => {
  test('gives the document, the file that was used, all files, and where each element stands', async () => {
    const folder = written({ 'mailgw.config.yaml': document, 'routes.tsv': routes })
    const { document: read, file, files, warnings, positionOf } = await loadDocument({ cwd: folder })
    expect(read.hostname).toBe('gw.corp.example')
    expect(file).toBe(join(folder, 'mailgw.config.yaml'))
    expect(files).toEqual([file, join(folder, 'routes.tsv')])
    expect(warnings.every(({ severity }) => severity === 'warning')).toBe(true)
    const row = read.localMx.find(({ pattern }) => pattern === '*')!
    expect(positionOf(row.at)).toMatchObject({ file: join(folder, 'routes.tsv'), line: 3, column: 1 })
    expect(textAt(positionOf('relays.isp')!)).toBe('isp')
    expect(positionOf('nothing of that name')).toBe(null)
  })

  test('takes the file that is named', async () => {
    const folder = written({ 'gate.yaml': document, 'routes.tsv': routes, 'mailgw.config.yaml': 'x' })
    expect((await loadDocument({ cwd: folder, file: 'gate.yaml', env: null })).file).toBe(join(folder, 'gate.yaml'))
  })

  test('throws everything that is wrong with the meaning, each in its place', async () => {
    const folder = written({
      'mailgw.config.yaml': document.replace('local\n', 'locla\n'),
      'routes.tsv': routes.replace('isp', 'ips'),
    })
    const diagnostics = await refusal(loadDocument({ cwd: folder }))
    const places = diagnostics.map(({ position }) => `${position!.file.replace(`${folder}/`, '')}:${position!.line}`)
    expect(places).toContain('mailgw.config.yaml:6')
    expect(places).toContain('routes.tsv:3')
  })
})

test('each code of loading is used, once in the list, and none is given by text', () => {
  const folder = join(import.meta.dirname, '../../../src/config')
  const sources = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const)
  const values = Object.values(loadCodes)
  expect(new Set(values).size).toBe(values.length)
  for (const [name, code] of Object.entries(loadCodes)) {
    expect(code).toMatch(/^MG1[01]\d\d$/)
    expect(
      sources.some(([, text]) => text.includes(`loadCodes.${name}`)),
      `loadCodes.${name} is used`,
    ).toBe(true)
  }
  for (const [file, text] of sources) if (file !== 'load-codes.ts') expect(text.match(/'MG1[01]\d\d'/), file).toBe(null)
})

test('docs/loading.md lists each code with its meaning', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/loading.md'), 'utf8')
  const rows = Object.entries(loadCodes).map(
    ([name, code]) => `| ${code} | ${loadMeanings[name as keyof typeof loadCodes]} |`,
  )
  expect(page.match(/^\| MG\d{4} \|.*$/gm)).toEqual(rows)
})
