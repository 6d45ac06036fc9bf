import { spawnSync } from 'node:child_process'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseMailbox } from '../../src/mail/path.ts'
import { maxReportOctets, parseTlsReport, type TlsReport, tlsReportJson } from '../../src/message/tls-report.ts'
import { tlsReportMail } from '../../src/message/tls-report-mail.ts'
import { readTlsReport } from '../../src/message/tls-report-read.ts'
import { peers } from '../support/peer.ts'

const day = Date.UTC(2026, 0, 31)
const report: TlsReport = {
  organization: 'Corp Example',
  start: day,
  end: day + 86_399_000,
  contact: 'postmaster@corp.example',
  id: '2026-01-31.dst.test@gw.corp.example',
  policies: [
    {
      type: 'sts',
      text: ['version: STSv1', 'mode: testing', 'mx: *.dst.test', 'max_age: 86400'],
      domain: 'dst.test',
      mx: ['*.dst.test'],
      successes: 5326,
      failures: 303,
      details: [
        {
          type: 'certificate-expired',
          sendingIp: '192.0.2.1',
          mx: 'mx1.dst.test',
          receivingIp: '198.51.100.7',
          sessions: 100,
          reason: 'the certificate has expired',
        },
        {
          type: 'starttls-not-supported',
          sendingIp: null,
          mx: 'mx2.dst.test',
          receivingIp: null,
          sessions: 203,
          reason: null,
        },
      ],
    },
    { type: 'no-policy-found', text: [], domain: 'dst.test', mx: [], successes: 1, failures: 0, details: [] },
  ],
}

const mailbox = (text: string) => {
  const parsed = parseMailbox(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

const mail = () =>
  tlsReportMail({
    id: 'Q1',
    now: day + 90_000_000,
    from: mailbox('postmaster@corp.example'),
    to: mailbox('tls@dst.test'),
    submitter: 'gw.corp.example',
    domain: 'dst.test',
    reportId: report.id,
    start: report.start,
    end: report.end,
    gzip: gzipSync(tlsReportJson(report)),
    graphHash: 'g',
  })

// D4 TLSRPT
describe('reports on TLS (RFC 8460)', () => {
  test('the JSON has the names and shapes of §4.4', () => {
    expect(JSON.parse(tlsReportJson(report))).toEqual({
      'organization-name': 'Corp Example',
      'date-range': { 'start-datetime': '2026-01-31T00:00:00Z', 'end-datetime': '2026-01-31T23:59:59Z' },
      'contact-info': 'postmaster@corp.example',
      'report-id': '2026-01-31.dst.test@gw.corp.example',
      policies: [
        {
          policy: {
            'policy-type': 'sts',
            'policy-string': ['version: STSv1', 'mode: testing', 'mx: *.dst.test', 'max_age: 86400'],
            'policy-domain': 'dst.test',
            'mx-host': ['*.dst.test'],
          },
          summary: { 'total-successful-session-count': 5326, 'total-failure-session-count': 303 },
          'failure-details': [
            {
              'result-type': 'certificate-expired',
              'sending-mta-ip': '192.0.2.1',
              'receiving-mx-hostname': 'mx1.dst.test',
              'receiving-ip': '198.51.100.7',
              'failed-session-count': 100,
              'failure-reason-code': 'the certificate has expired',
            },
            {
              'result-type': 'starttls-not-supported',
              'receiving-mx-hostname': 'mx2.dst.test',
              'failed-session-count': 203,
            },
          ],
        },
        {
          policy: { 'policy-type': 'no-policy-found', 'policy-domain': 'dst.test' },
          summary: { 'total-successful-session-count': 1, 'total-failure-session-count': 0 },
        },
      ],
    })
  })

  test('what we write we read: as JSON, as gzip, and as the message that carries it', () => {
    const json = tlsReportJson(report)
    for (const octets of [Buffer.from(json), gzipSync(json), Buffer.concat(mail().chunks)]) {
      expect(readTlsReport(octets)).toEqual({ ok: true, value: report })
    }
  })

  test.skipIf(!peers('python3'))('Python reads the message as §5.3 wants it', () => {
    const judge = `
import email, email.policy, gzip, json, sys
m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
parts = list(m.iter_parts())
print(json.dumps([m.get_content_type(), m.get_param('report-type'), m['TLS-Report-Domain'], m['TLS-Report-Submitter'],
  m['TLS-Required'], m['Subject'], [p.get_content_type() for p in parts], parts[1].get_filename(),
  json.loads(gzip.decompress(parts[1].get_content()))['report-id'], len(m.defects)]))`
    const run = spawnSync('python3', ['-c', judge], { input: Buffer.concat(mail().chunks), encoding: 'utf8' })
    expect(run.stderr).toBe('')
    expect(JSON.parse(run.stdout)).toEqual([
      'multipart/report',
      'tlsrpt',
      'dst.test',
      'gw.corp.example',
      'No',
      `Report Domain: dst.test Submitter: gw.corp.example Report-ID: <${report.id}>`,
      ['text/plain', 'application/tlsrpt+gzip'],
      `gw.corp.example!dst.test!${day / 1000}!${day / 1000 + 86_399}.json.gz`,
      report.id,
      0,
    ])
  })

  test('nothing of the message is dot-stuffed, eight-bit or longer than a line', () => {
    const text = Buffer.concat(mail().chunks).toString('latin1')
    expect(text).not.toMatch(/(^|\r\n)\.|[^\x00-\x7f]/)
    for (const line of text.split('\r\n')) expect(line.length).toBeLessThanOrEqual(200)
    expect(mail().envelope).toMatchObject({ tls: 'optional', recipients: [{ notify: [] }] })
  })

  test('a message whose lines end in LF, with JSON in place of gzip, is read too', () => {
    const text = `Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: text/plain\n\nhello\n--b\nContent-Transfer-Encoding: base64\nContent-Type: application/tlsrpt+json\n\n${Buffer.from(tlsReportJson(report)).toString('base64')}\n--b--\n`
    expect(readTlsReport(Buffer.from(text))).toEqual({ ok: true, value: report })
  })

  const broken: [string, Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['a message without a report', Buffer.from('Subject: x\r\n\r\nhello\r\n')],
    ['half of a gzip', gzipSync(tlsReportJson(report)).subarray(0, 60)],
    ['a gzip that swells', gzipSync(Buffer.alloc(maxReportOctets + 1, 0x20))],
    ['JSON of something else', Buffer.from('{"a":1}')],
    ['a list', Buffer.from('[]')],
    ['a count that is none', Buffer.from(tlsReportJson(report).replace('5326', '-1'))],
    ['a policy of a kind that nobody knows', Buffer.from(tlsReportJson(report).replace('"sts"', '"xyz"'))],
    ['a text as long as it likes', Buffer.from(tlsReportJson({ ...report, contact: 'x'.repeat(5000) }))],
  ]
  for (const [name, octets] of broken) test(`refused: ${name}`, () => expect(readTlsReport(octets).ok).toBe(false))

  test('whatever comes, it is a report or a sentence', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        const read = parseTlsReport(text)
        expect(read.ok || read.error.length > 0).toBe(true)
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (octets) => {
        expect(typeof readTlsReport(Buffer.from(octets)).ok).toBe('boolean')
      }),
    )
  })
})
