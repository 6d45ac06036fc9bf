import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { compileFile } from '../../src/cli/bundle.ts'
import { runTests } from '../../src/cli/ci/run-tests.ts'
import { caseRow } from '../../src/cli/test/case-row.ts'
import { reportSchema } from '../../src/cli/test/report-schema.ts'
import { casesOf, graphOf, siteDocument } from '../analysis/suite-site.ts'
import { runHere } from './run-here.ts'
import { siteWith } from './tested-site.ts'

const good = '- { listener: lan, client: 10.1.2.3, to: a@b.example, expect: relay isp }\n'

test('what --suggest prints, put into a file of tests, leaves no mistake unnoticed that a test can notice', async () => {
  const { config, folder } = siteWith({ 'mailgw.test.yaml': good })
  const first = await runHere(['test', '--config', config, '--suggest-at-most', '500', '--json'])
  expect(first.code).toBe(0)
  const { survivors } = reportSchema.parse(JSON.parse(first.out)).mutation!
  const rows = survivors
    .filter(({ suggestion }) => suggestion?.kind === 'case')
    .map(({ suggestion }) => suggestion!.text)
  expect(rows.length).toBeGreaterThan(5)
  expect(survivors.map(({ suggestion }) => suggestion?.kind)).not.toContain('none')

  writeFileSync(join(folder, 'more.mailgw.test.yaml'), `${rows.join('\n')}\n`)
  const second = await runHere(['test', '--config', config, '--suggest-at-most', '500', '--json'])
  expect(second.code, second.err).toBe(0)
  const left = reportSchema.parse(JSON.parse(second.out))
  expect(left.failed).toBe(0)
  expect(left.mutation!.survivors.map(({ suggestion }) => suggestion?.kind)).not.toContain('case')
})

test('tests are looked for to as many mistakes as is said, and it is told how many are left', async () => {
  const { config } = siteWith({ 'mailgw.test.yaml': good })
  const { code, out } = await runHere(['test', '--config', config, '--suggest-at-most', '2', '--json'])
  expect(code).toBe(0)
  const { survivors, suggested } = reportSchema.parse(JSON.parse(out)).mutation!
  expect(suggested).toBe(2)
  expect(survivors.map(({ suggestion }) => suggestion !== null)).toEqual(survivors.map((_, index) => index < 2))
  const text = await runHere(['test', '--config', config, '--suggest-at-most', '2'])
  const left = survivors.length - 2
  expect(text.out).toContain(`not to ${left} more: --suggest-at-most ${survivors.length} does`)
  const wrong = await runHere(['test', '--config', config, '--suggest-at-most', 'all'])
  expect([wrong.code, wrong.err]).toEqual([
    1,
    expect.stringContaining('--suggest-at-most: expected a number of mistakes'),
  ])
})

test('a mistake that changes nothing, and one that check refuses, are told as such', async () => {
  const { config } = siteWith({ 'mailgw.test.yaml': good })
  const { out } = await runHere(['test', '--config', config, '--suggest'])
  expect(out).toMatch(/recipients\.postmaster at \S+: deleted\n {4}changes nothing for any message/)
  expect(out).toMatch(/recipients\.ann at \S+: deleted\n {4}is refused by check: MG2003/)
})

describe('a case as a row of YAML', () => {
  const graph = graphOf(siteDocument)
  const rows = [
    { listener: 'lan', client: '10.1.2.3', to: 'a@b.example', expect: 'relay isp' },
    { listener: 'mx', client: '2001:db8::1', from: '<>', to: '"a b"@b.example', size: '6000B', expect: 'rejected 550' },
    {
      listener: 'mx',
      client: '203.0.113.9',
      from: 'x@y.example',
      to: 'a@b.example',
      hops: 3,
      expect: 'rejected by=relaying',
    },
    {
      listener: 'lan',
      client: '10.1.2.3',
      to: 'ann@corp.example',
      assume: { 'dnsbl.zen': 'error' },
      expect: 'delivered mail',
    },
    {
      name: 'yes: "it" is, #1',
      listener: 'lan',
      client: '10.1.2.3',
      to: 'all@corp.example',
      expect: 'to=ann@corp.example,bob@corp.example',
    },
    { name: 'no', listener: 'lan', client: '10.1.2.3', to: 'a@b.example', expect: 'accepted by=localMx["*"]' },
  ]
  test.each(rows)('reads back as what it was: $to $expect', (row) => {
    const [one] = casesOf(graph, [row])
    const [again] = casesOf(graph, parse(caseRow(one!)))
    expect(again).toEqual(one)
  })
})

describe('t.all', () => {
  const tested = async (claims: string) => {
    const { config } = siteWith({
      'mailgw.test.ts': `import { suite } from 'mailgw/test'\nsuite('all', (t) => {\n${claims}\n})\n`,
    })
    return runHere(['test', '--config', config])
  }

  test('is proved for every message of its box', async () => {
    const { code, out } = await tested(`  t.all({ internal: true, recipient: '*.partner.example' }).onlyVia('partner')
  t.all({ internal: false, recipient: 'gmail.example' }).never('relayed')`)
    expect(out).toBe('2 tests in 1 file, all passed\n')
    expect(code).toBe(0)
  })

  test('fails with a message for which it does not hold, at its place', async () => {
    const { code, out } = await tested("  t.all({ recipient: 'gmail.example' }).never('relayed')")
    expect(code).toBe(1)
    expect(out).toMatch(/^FAIL all: a claim about all messages\n {2}--> .*mailgw\.test\.ts:3:3$/m)
    expect(out).toContain("expected  forAll({ recipient: 'gmail.example' }).never('relayed')")
    expect(out).toMatch(/got {7}VIOLATED: .*gmail\.example/)
    expect(out).toMatch(/explain {3}mailgw explain --listener \w+ --client 10\.\S+/)
  })

  test('is read as strictly as a claim of the document', async () => {
    const { code, err } = await tested(`  t.all({ recipnt: 'gmail.example' }).onlyVia('isp')
  t.all({ recipient: 'gmail.example' }).onlyVia('ips')`)
    expect(code).toBe(1)
    expect(err).toMatch(/error MG1203: \[0\]\.cases\[0\]\.all\.recipnt: unknown key "recipnt"\n.*mailgw\.test\.ts:3:11/)
  })

  test('stands in tables too, beside what is tried', async () => {
    const { config } = siteWith({
      'mailgw.test.yaml': `${good}- { all: { recipient: '*.partner.example', internal: true }, onlyVia: isp }\n`,
    })
    const { code, out } = await runHere(['test', '--config', config])
    expect(code).toBe(1)
    expect(out).toContain("forAll({ client: '10.0.0.0/8', recipient: '*.partner.example' }).onlyVia('isp')")
    expect(out).toContain('2 tests in 1 file, 1 failed')
  })

  test('is proved of a graph too, and by the tests that ci runs', async () => {
    const { config, folder } = siteWith({
      'mailgw.test.yaml': `${good}- { all: { recipient: '*.partner.example', internal: true }, onlyVia: isp }\n`,
    })
    const file = join(folder, 'site.mgw')
    expect((await runHere(['graph', '--config', config, '-o', file])).code).toBe(0)
    const ran = await runHere(['test', '--graph', file, join(folder, 'mailgw.test.yaml')])
    expect(ran).toMatchObject({ code: 1, out: expect.stringContaining('VIOLATED') })

    const { bundle } = await compileFile({ cwd: folder, file: config, env: null })
    const { tests, text } = await runTests(config, bundle, [], false)
    expect(tests).toMatchObject({ passed: 1, failed: 1 })
    expect(text).toContain("onlyVia('isp')")
  })
})
