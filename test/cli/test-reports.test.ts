import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { reportSchema, testReportJsonSchema } from '../../src/cli/test/report-schema.ts'
import { runHere } from './run-here.ts'
import { siteWith } from './tested-site.ts'

const tests = `partner mail:
  - { listener: lan, client: 10.1.2.3, to: a@x.partner.example, expect: relay partner tls=verify }
  - { name: a <list> & "more", listener: lan, client: 10.1.2.3, to: all@corp.example, expect: relay isp }
  - { client: 203.0.113.9, listener: mx, to: ann@corp.example, expect: delivered }
`
const good = '- { listener: lan, client: 10.1.2.3, to: a@b.example, expect: relay isp }\n'

describe('--json', () => {
  test('has every test with what came of it, in the shape of the published schema', async () => {
    const { config, folder } = siteWith({ 'mailgw.test.yaml': tests })
    const { code, out } = await runHere(['test', '--config', config, '--json', '--coverage'])
    expect(code).toBe(1)
    const report = reportSchema.parse(JSON.parse(out))
    expect(report).toMatchObject({ format: 'mailgw-test/1', passed: 1, failed: 2, mutation: null, smtp: null })
    const [passed, failed, depends] = report.cases
    expect(passed).toMatchObject({ suite: 'partner mail', verdict: 'passed', place: { line: 2, column: 5 } })
    expect(failed).toMatchObject({
      verdict: 'failed',
      expect: 'relay isp',
      endings: [{ text: 'delivered mail to=ann@corp.example,bob@corp.example', kind: 'accepted' }],
    })
    expect(depends).toMatchObject({ verdict: 'depends', oracles: ['dnsbl.zen'] })
    expect(depends?.endings.map(({ answers, kind }) => [answers['dnsbl.zen'], kind])).toEqual([
      ['clear', 'accepted'],
      ['listed', 'refused'],
      ['error', 'accepted'],
    ])
    expect(depends?.explain).toBe(
      `mailgw explain --config ${folder}/mailgw.config.yaml --listener mx --client 203.0.113.9 --to ann@corp.example`,
    )
    expect(report.coverage?.outcomes).toMatchObject({ all: 3, covered: 3, missing: [] })
    expect(report.classes?.missing.length).toBe(report.classes!.all - report.classes!.covered)
  })

  test('its schema is the one in schemas/', () => {
    const file = join(import.meta.dirname, '../../schemas/test-report.v1.schema.json')
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(testReportJsonSchema())))
  })
})

test('--junit writes what build servers read, with every text escaped', async () => {
  const { config, folder } = siteWith({ 'mailgw.test.yaml': tests })
  const file = join(folder, 'junit.xml')
  const { code } = await runHere(['test', '--config', config, '--junit', file])
  expect(code).toBe(1)
  const xml = readFileSync(file, 'utf8')
  expect(xml).toContain('<testsuites name="mailgw test" tests="3" failures="2">')
  expect(xml).toContain('<testsuite name="partner mail" tests="3" failures="2">')
  expect(xml).toContain('<testcase name="a &lt;list&gt; &amp; &quot;more&quot;" classname="partner mail"')
  expect(xml).toContain('<failure message="got: depends on dnsbl.zen; assume it">')
  expect(xml.match(/<[^>]*</)).toBeNull()

  const gone = await runHere(['test', '--config', config, '--junit', join(folder, 'no/such/junit.xml')])
  expect(gone).toMatchObject({ code: 1, err: expect.stringContaining('--junit: the report cannot be written') })
})

describe('--coverage', () => {
  test('names what no test reaches, by its place', async () => {
    const { config } = siteWith({ 'mailgw.test.yaml': good })
    const { code, out } = await runHere(['test', '--config', config, '--coverage'])
    expect(code).toBe(0)
    expect(out).toMatch(/^rows +\d+ +\d+ +\d+%$/m)
    expect(out).toMatch(
      /^ {2}\*\.partner\.example {2}localMx\["\*\.partner\.example"\] at .*mailgw\.config\.yaml:15:3$/m,
    )
    expect(out).not.toContain('localMx["*"]')
    expect(out).toMatch(/^\d+ of \d+ kinds of messages that are treated alike are tried$/m)
  })

  test('--min-coverage fails a run that reaches less, though every test passes', async () => {
    const { config } = siteWith({ 'mailgw.test.yaml': good })
    const low = await runHere(['test', '--config', config, '--min-coverage', '90'])
    expect(low.code).toBe(1)
    expect(low.err).toMatch(/tests reach \d+%, --min-coverage wants 90%/)
    expect(await runHere(['test', '--config', config, '--min-coverage', '5'])).toMatchObject({ code: 0 })
    expect((await runHere(['test', '--config', config, '--min-coverage', 'most'])).err).toContain(
      'expected a whole number',
    )
  })
})

describe('--mutate', () => {
  test('names the mistakes that no test would notice, and keeps quiet about those that one would', async () => {
    const { config } = siteWith({ 'mailgw.test.yaml': good })
    const { code, out } = await runHere(['test', '--config', config, '--mutate'])
    expect(code).toBe(0)
    expect(out).toMatch(/^\d+ of \d+ mistakes would be noticed/m)
    expect(out).toMatch(/localMx\["\*\.partner\.example"\] at .*mailgw\.config\.yaml:15:3: deleted/)
    expect(out).toMatch(/deny\[0\] at \S+: deleted/)
    expect(out).not.toMatch(/localMx\["\*"\] at \S+: deleted/)
    expect(out).not.toMatch(/trusted at \S+: deleted/)
  })

  test('wants tests that pass and a document to make mistakes in', async () => {
    const { config, folder } = siteWith({ 'mailgw.test.yaml': tests })
    expect((await runHere(['test', '--config', config, '--mutate'])).err).toContain('needs tests that pass')
    const graph = join(folder, 'site.mgw')
    expect((await runHere(['graph', '--config', config, '-o', graph])).code).toBe(0)
    const ran = await runHere(['test', '--graph', graph, '--mutate', join(folder, 'mailgw.test.yaml')])
    expect(ran.err).toContain('give one, not a graph')
  })
})
