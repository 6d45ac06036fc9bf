import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { type TlsReport, tlsReportJson } from '../../src/message/tls-report.ts'
import { tempFolder } from '../support/peer.ts'
import { runHere } from './run-here.ts'

// D4 TLSRPT: a report that somebody has sent us, as an operator reads it.

const day = Date.UTC(2026, 0, 30)

function report(failures: number, organization = 'Far Example'): TlsReport {
  const details =
    failures === 0
      ? []
      : [
          {
            type: 'certificate-expired',
            sendingIp: '198.51.100.9',
            mx: 'mx2.corp.example',
            receivingIp: '192.0.2.26',
            sessions: failures,
            reason: null,
          },
        ]
  const policy = { type: 'sts', text: [], domain: 'corp.example', mx: ['*.corp.example'], successes: 412 } as const
  return {
    ...{ organization, start: day, end: day + 86_399_000, contact: 'tls@far.example', id: 'r1' },
    policies: [{ ...policy, failures, details }],
  }
}

function saved(octets: Buffer | string): string {
  const file = join(tempFolder(), 'report')
  writeFileSync(file, octets)
  return file
}

test('a report is a table, and failures are an exit code of their own', async () => {
  const ran = await runHere(['tlsrpt', saved(gzipSync(tlsReportJson(report(3))))])
  expect(ran.code).toBe(2)
  expect(ran.out).toBe(`from     Far Example (tls@far.example)
report   r1
covers   2026-01-30 00:00Z to 2026-01-30 23:59Z

domain        policy  ok   failed  MX hosts
corp.example  sts     412  3       *.corp.example

failure              sessions  our host                      their address  reason
certificate-expired  3         mx2.corp.example[192.0.2.26]  198.51.100.9

`)
  expect((await runHere(['tlsrpt', saved(tlsReportJson(report(0)))])).code).toBe(0)
})

test('--json gives all of it as data', async () => {
  const { out } = await runHere(['tlsrpt', saved(tlsReportJson(report(3))), '--json'])
  expect(JSON.parse(out)).toEqual(report(3))
})

test('nothing that a stranger writes reaches the terminal as a command to it', async () => {
  const { out } = await runHere(['tlsrpt', saved(tlsReportJson(report(0, 'x\u001b[2J\r\nfrom me')))])
  expect(out).not.toMatch(/\u001b|\r/)
  expect(out.split('\n')[0]).toContain('from me')
})

test('what is no report is one sentence, and so is a file that is not there', async () => {
  const wrong = await runHere(['tlsrpt', saved('Subject: hello\r\n\r\nhello\r\n')])
  expect(wrong).toMatchObject({ code: 1, out: '', err: expect.stringContaining('expected a report on TLS') })
  const missing = await runHere(['tlsrpt', '/nowhere/report'])
  expect(missing).toMatchObject({ code: 1, out: '', err: expect.stringContaining('/nowhere/report: ENOENT') })
})
