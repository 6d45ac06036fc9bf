import { expect, test } from 'vitest'
import { readRcptReply } from '../../../src/gateway/recipient-check/callout-reply.ts'

const cases = [
  { code: 250, status: '2.1.5', is: 'exists', why: 'it was taken' },
  { code: 251, status: null, is: 'exists', why: 'it is forwarded' },
  { code: 550, status: '5.1.1', is: 'unknown', why: 'no such mailbox' },
  { code: 550, status: null, is: 'unknown', why: 'RFC 5321 §4.2.3 without an enhanced status' },
  { code: 551, status: null, is: 'unknown', why: 'not local' },
  { code: 553, status: null, is: 'unknown', why: 'the mailbox name is not allowed' },
  { code: 550, status: '5.1.10', is: 'unknown', why: 'Microsoft 365 has no such recipient' },
  {
    code: 550,
    status: '5.4.1',
    is: 'unknown',
    why: 'Microsoft 365: access denied, which it says of recipients it does not have',
  },
  { code: 550, status: '5.2.1', is: 'unknown', why: 'the mailbox is disabled' },
  { code: 552, status: '5.2.2', is: 'exists', why: 'the mailbox is full' },
  { code: 552, status: null, is: 'exists', why: 'the mailbox is full, and the host knows no enhanced status' },
  { code: 550, status: '5.7.1', is: 'nothing', why: 'we are refused, not the recipient' },
  { code: 554, status: '5.7.25', is: 'nothing', why: 'our reverse name is refused' },
  { code: 550, status: '5.1.8', is: 'nothing', why: 'the sender is refused' },
  { code: 554, status: null, is: 'nothing', why: 'the transaction failed for whatever reason' },
  { code: 503, status: '5.5.1', is: 'nothing', why: 'the host lost track' },
  { code: 450, status: '4.2.0', is: 'nothing', why: 'greylisted' },
  { code: 421, status: '4.3.2', is: 'nothing', why: 'the host is closing' },
  { code: 452, status: '4.2.2', is: 'nothing', why: 'full for now' },
] as const

for (const { code, status, is, why } of cases) {
  test(`${code} ${status ?? 'without status'} to RCPT is ${is}: ${why}`, () => {
    expect(readRcptReply({ code, status })).toBe(is)
  })
}
