import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type EnvelopeRecord, envelopeLine } from '../../src/mail/envelope-record.ts'
import { runHere } from './run-here.ts'
import { siteWith } from './tested-site.ts'

const record = (more: Partial<EnvelopeRecord>): EnvelopeRecord => ({
  time: 1_780_000_000_000,
  listener: 'lan',
  client: '10.1.2.3',
  from: 'ann@corp.example',
  to: 'x@y.example',
  size: 2000,
  hops: 1,
  answers: {},
  verdict: 'accepted',
  stage: 'data',
  code: 250,
  at: '',
  graph: `g1:${'a'.repeat(52)}`,
  id: 'id',
  ...more,
})

const stranger = { listener: 'mx', client: '203.0.113.9' } as const
const records: readonly Partial<EnvelopeRecord>[] = [
  {},
  // Decided by the same elements: one test will do.
  { to: 'other@elsewhere.example', size: 3000 },
  { to: 'a@b.partner.example' },
  { size: 6_000_000, verdict: 'refused', code: 552, stage: 'mail' },
  { ...stranger, from: '<>', to: 'ann@corp.example', answers: { 'dnsbl.zen': 'clear' } },
  { ...stranger, to: 'ann@corp.example', answers: { 'dnsbl.zen': 'listed' }, verdict: 'refused', code: 554 },
  { ...stranger, to: 'all@corp.example', answers: { 'dnsbl.zen': 'error' } },
  { ...stranger, verdict: 'refused', code: 550, stage: 'rcpt' },
  // Another document was live, or has such a listener.
  { ...stranger, verdict: 'accepted' },
  { listener: 'gone' },
  { to: 'ann@corp.example', ...stranger, answers: {} },
]

test('recorded envelopes become tests of what came of them, one for each way in which they were decided', async () => {
  const { config, folder } = siteWith({})
  const log = join(folder, 'envelopes.ndjson')
  writeFileSync(log, `${records.map((one) => envelopeLine(record(one))).join('')}{"time":17800\n`)
  const { code, out, err } = await runHere(['test', '--config', config, '--from-log', log])
  expect(code).toBe(0)
  expect(out.trimEnd().split('\n')).toEqual([
    '- { listener: lan, client: 10.1.2.3, from: ann@corp.example, to: x@y.example, expect: relay isp tls=may }',
    '- { listener: lan, client: 10.1.2.3, from: ann@corp.example, to: a@b.partner.example, expect: relay partner tls=verify }',
    '- { listener: lan, client: 10.1.2.3, from: ann@corp.example, to: x@y.example, size: 6000000B, expect: rejected 552 }',
    '- { listener: mx, client: 203.0.113.9, from: "<>", to: ann@corp.example, assume: { dnsbl.zen: clear }, expect: delivered mail }',
    '- { listener: mx, client: 203.0.113.9, from: ann@corp.example, to: ann@corp.example, assume: { dnsbl.zen: listed }, expect: rejected 554 }',
    '- { listener: mx, client: 203.0.113.9, from: ann@corp.example, to: all@corp.example, assume: { dnsbl.zen: error }, expect: "delivered mail to=ann@corp.example,bob@corp.example" }',
    '- { listener: mx, client: 203.0.113.9, from: ann@corp.example, to: x@y.example, expect: rejected 550 }',
  ])
  expect(err).toContain('12 records, 7 ways in which they were decided')
  expect(err).toContain('2 records come to something else under this document')
  expect(err).toContain('2 lines cannot be read as records of this document')

  writeFileSync(join(folder, 'log.mailgw.test.yaml'), out)
  expect(await runHere(['test', '--config', config])).toMatchObject({ code: 0, out: '7 tests in 1 file, all passed\n' })
})

test('a log that is not there, or that says nothing, is no success', async () => {
  const { config, folder } = siteWith({})
  const gone = await runHere(['test', '--config', config, '--from-log', join(folder, 'gone')])
  expect(gone).toMatchObject({ code: 1, err: expect.stringContaining('--from-log: the envelopes cannot be read') })
  writeFileSync(join(folder, 'empty'), '')
  expect(await runHere(['test', '--config', config, '--from-log', join(folder, 'empty')])).toMatchObject({ code: 1 })
})
