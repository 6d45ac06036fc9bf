import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { tempFolder } from '../support/peer.ts'
import { runHere } from './run-here.ts'

const document = {
  apiVersion: 'mailgw/1',
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { mx: { kind: 'mx', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'relay' },
  relays: { isp: { hosts: ['smart.isp.example'] } },
  localMx: { '*': { relay: 'isp' } },
  checks: { reverse: { then: { tag: 'no-reverse' }, onError: 'ignore' } },
  dnsbl: [{ id: 'zen', zone: 'zen.dnsbl.example', onError: 'ignore', onListed: { tag: 'suspect' } }],
}
const stranger = { listener: 'mx', client: '203.0.113.9', from: 'a@b.example', to: 'ann@corp.example' }
const said = (reverse: string, zen: string) => ({
  ...stranger,
  assume: { 'check.reverse': reverse, 'dnsbl.zen': zen },
})

async function run(rows: unknown, file = 'mailgw.test.json') {
  const folder = tempFolder()
  writeFileSync(join(folder, 'mailgw.config.json'), JSON.stringify(document))
  writeFileSync(join(folder, file), typeof rows === 'string' ? rows : JSON.stringify(rows))
  const { code, out, err } = await runHere(['test', '--config', join(folder, 'mailgw.config.json'), '--json'])
  return { code, err, cases: code === 2 || out === '' ? [] : JSON.parse(out).cases }
}

describe('tagged', () => {
  test('holds when the message gets that mark, beside others', async () => {
    const rows = [
      { ...said('listed', 'clear'), expect: 'relay isp tagged=no-reverse' },
      { ...said('listed', 'listed'), expect: 'accepted tagged=suspect tagged no-reverse' },
    ]
    const { code, cases } = await run(rows)
    expect(code).toBe(0)
    expect(cases[1]).toMatchObject({ expect: 'accepted tagged=suspect tagged=no-reverse' })
    expect(cases[1].endings).toMatchObject([{ tags: ['no-reverse', 'suspect'] }])
    expect(cases[1].endings[0].text).toMatch(/ tagged=no-reverse tagged=suspect$/)
  })

  test('fails when it gets another one, or none, and says what it gets', async () => {
    const rows = [
      { ...said('clear', 'listed'), expect: 'tagged=no-reverse' },
      { ...said('clear', 'clear'), expect: 'tagged=suspect' },
    ]
    const { code, cases } = await run(rows)
    expect(code).toBe(1)
    expect(cases.map(({ verdict }: { verdict: string }) => verdict)).toEqual(['failed', 'failed'])
    expect(cases[0].endings[0].text).toMatch(/ tagged=suspect$/)
    expect(cases[1].endings[0]).not.toHaveProperty('tags')
  })

  test('is not known where nobody says what the list answers', async () => {
    const { cases } = await run([{ ...stranger, assume: { 'check.reverse': 'clear' }, expect: 'tagged=suspect' }])
    expect(cases[0]).toMatchObject({ verdict: 'depends', oracles: ['dnsbl.zen'] })
  })

  test('is no demand on what is refused', async () => {
    const { err } = await run([{ ...stranger, expect: 'rejected tagged=suspect' }])
    expect(err).toContain('what is rejected gets no mark: leave out tagged')
  })

  test('is a method in TypeScript', async () => {
    const { code } = await run(
      `import { msg, suite } from 'mailgw/test'
suite('marks', (t) => {
  t.expect(msg(${JSON.stringify(stranger)}).assume({ 'check.reverse': 'listed', 'dnsbl.zen': 'clear' })).relay('isp').tagged('no-reverse')
})
`,
      'mailgw.test.ts',
    )
    expect(code).toBe(0)
  })
})
