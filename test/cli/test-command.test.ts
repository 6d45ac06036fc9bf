import { describe, expect, test } from 'vitest'
import { runHere } from './run-here.ts'
import { siteWith } from './tested-site.ts'

const typescript = `import { msg, suite } from 'mailgw/test'

suite('partner mail', (t) => {
  t.expect(msg({ listener: 'lan', client: '10.1.2.3', to: 'a@x.partner.example' })).relay('partner').tls('verify')
  t.expect(msg({ listener: 'mx', client: '203.0.113.9', to: 'c@gmail.example' })).rejected(550)
  t.expect(msg({ listener: 'mx', client: '203.0.113.9', to: 'ann@corp.example' }).assume({ 'dnsbl.zen': 'error' })).delivered()
  for (const to of ['all@corp.example']) {
    t.expect(msg({ client: '10.1.2.3', to })).delivered().to('ann@corp.example', 'bob@corp.example')
  }
})
`

describe('mailgw test', () => {
  test('runs what stands beside the document, in all three surfaces', async () => {
    const { config } = siteWith({
      'mailgw.test.ts': typescript,
      'lan.mailgw.test.yaml': "- { listener: lan, client: 10.1.2.3, to: a@b.example, expect: relay isp }\n'",
      'mx.mailgw.test.json': JSON.stringify({
        strangers: [{ client: '192.0.2.1', to: 'a@b.example', expect: 'reject 550' }],
      }),
      'mailgw.tests.yaml': 'not looked at',
    })
    const broken = await runHere(['test', '--config', config])
    expect(broken).toMatchObject({ code: 1, out: '' })
    expect(broken.err).toMatch(/error MG1020[\s\S]+lan\.mailgw\.test\.yaml:2:1[\s\S]+mailgw: the tests have errors/)

    const { config: sound } = siteWith({
      'mailgw.test.ts': typescript,
      'lan.mailgw.test.yaml': '- { listener: lan, client: 10.1.2.3, to: a@b.example, expect: relay isp }\n',
      'mx.mailgw.test.json': JSON.stringify({
        strangers: [{ client: '192.0.2.1', to: 'a@b.example', expect: 'reject 550' }],
      }),
      'mailgw.tests.yaml': 'not looked at',
    })
    expect(await runHere(['test', '--config', sound])).toMatchObject({
      code: 0,
      out: '6 tests in 3 files, all passed\n',
    })
  })

  test('says of a failure where the test is, what was expected, what comes, who decides, and how to see all of it', async () => {
    const { config, folder } = siteWith({
      'mailgw.test.ts': typescript.replace("relay('partner').tls('verify')", "relay('isp')"),
    })
    const { code, out } = await runHere(['test', '--config', config])
    expect(code).toBe(1)
    const line = "  t.expect(msg({ listener: 'lan', client: '10.1.2.3', to: 'a@x.partner.example' })).relay('isp')"
    const named = out.replaceAll(/\S*\/(?=mailgw\.)/g, '')
    expect(named.replace(/^ +\| +\^+\n/m, '')).toBe(`FAIL partner mail: 10.1.2.3 at lan, to a@x.partner.example
  --> mailgw.test.ts:4:3
   4 | ${line}
  expected  relay isp
  got       relay partner tls=verify to=a@x.partner.example
  decided   localMx["*.partner.example"] at mailgw.config.yaml:15:3
  explain   mailgw explain --config mailgw.config.yaml --listener lan --client 10.1.2.3 --to a@x.partner.example

4 tests in 1 file, 1 failed
`)
    expect(out).toContain(`--config ${folder}/mailgw.config.yaml`)
  })

  test('an expectation that hangs on a DNS list fails, and says which one to assume', async () => {
    const { config } = siteWith({
      'mailgw.test.yaml': '- { client: 203.0.113.9, listener: mx, to: ann@corp.example, expect: delivered }\n',
    })
    const { code, out } = await runHere(['test', '--config', config])
    expect(code).toBe(1)
    expect(out).toContain('  got       depends on dnsbl.zen; assume it\n')
    expect(out).toMatch(/ {2}if +dnsbl\.zen=listed: rejected 554/)
    expect(out).toContain('1 test in 1 file, 1 failed')
  })

  test('without any test it fails: a pipeline that tests nothing must not be green', async () => {
    const { config } = siteWith({})
    const ran = await runHere(['test', '--config', config])
    expect(ran).toMatchObject({ code: 1, out: '' })
    expect(ran.err).toContain('mailgw: there is no test')
  })

  test('what is misspelt in TypeScript is told at its place', async () => {
    const { config } = siteWith({
      'mailgw.test.ts': `import { msg, suite } from 'mailgw/test'
suite('one', (t) => {
  t.expect(msg({ client: '10.1.2.300', to: 'a@b.example' })).relay('isp')
  t.expect(msg({ to: 'a@b.example' })).relay('ips')
  t.expect(msg({ to: 'a@b.example' }))
})
`,
    })
    const { code, err } = await runHere(['test', '--config', config])
    expect(code).toBe(1)
    const told = [...err.matchAll(/error (MG\d+): (.*)\n.*mailgw\.test\.ts:(\d+:\d+)/g)].map((found) => found.slice(1))
    expect(told).toEqual([
      ['MG1304', '[0].cases[0].message.client: expected an IP address, got "10.1.2.300"', '3:26'],
      ['MG1402', '[0].cases[1]: no relay is called "ips"; did you mean "isp"?', '4:3'],
      ['MG1803', '[0].cases[2]: nothing is expected of this message', '5:3'],
    ])
  })

  test('tests run under the restrictions of a document: no file, no clock, no network', async () => {
    const refused = async (code: string) => {
      const { config } = siteWith({ 'mailgw.test.ts': `import { suite } from 'mailgw/test'\n${code}\n` })
      return (await runHere(['test', '--config', config])).err
    }
    expect(await refused("import { readFileSync } from 'node:fs'\nreadFileSync('/etc/passwd')")).toContain('MG1047')
    expect(await refused("suite('x', () => void Date.now())")).toContain('MG1045')
    expect(await refused("suite('x', async () => {})")).toContain('a suite waits for nothing')
  })
})
