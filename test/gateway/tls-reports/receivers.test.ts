import { describe, expect, test } from 'vitest'
import { receiversOf } from '../../../src/gateway/tls-reports/receivers.ts'

const names = (...records: readonly string[]) =>
  receiversOf(records).map((one) => (one.kind === 'mail' ? one.to.text : one.url.href))

describe('who wants reports (RFC 8460 §3)', () => {
  const cases: [string, readonly string[], readonly string[]][] = [
    ['a mailbox', ['v=TLSRPTv1; rua=mailto:tls@dst.test'], ['tls@dst.test']],
    [
      'several',
      ['v=TLSRPTv1;rua=mailto:a@dst.test, https://dst.test/v1/tlsrpt;'],
      ['a@dst.test', 'https://dst.test/v1/tlsrpt'],
    ],
    ['at most four', [`v=TLSRPTv1; rua=${'mailto:a@dst.test,'.repeat(9)}`], Array(4).fill('a@dst.test')],
    ['records of others beside it', ['v=spf1 -all', 'v=TLSRPTv1; rua=mailto:a@dst.test'], ['a@dst.test']],
    ['two records are none', ['v=TLSRPTv1; rua=mailto:a@x.test', 'v=TLSRPTv1; rua=mailto:b@x.test'], []],
    ['no receiver', ['v=TLSRPTv1;'], []],
    ['another version', ['v=TLSRPTv2; rua=mailto:a@dst.test'], []],
    ['clear text', ['v=TLSRPTv1; rua=http://dst.test/'], []],
    ['a password in it', ['v=TLSRPTv1; rua=https://u:p@dst.test/'], []],
    ['header fields of a stranger', ['v=TLSRPTv1; rua=mailto:a@dst.test?bcc=b@dst.test'], ['a@dst.test']],
    ['a line break in an address', ['v=TLSRPTv1; rua=mailto:a%0d%0aBcc:b@dst.test'], []],
    ['no address', ['v=TLSRPTv1; rua=mailto:nobody'], []],
  ]
  for (const [name, records, want] of cases) test(name, () => expect(names(...records)).toEqual(want))
})
