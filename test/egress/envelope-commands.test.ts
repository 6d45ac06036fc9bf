import { expect, test } from 'vitest'
import { noCapabilities } from '../../src/egress/capabilities.ts'
import { rcptCommand } from '../../src/egress/envelope-commands.ts'
import { parseMailbox } from '../../src/mail/path.ts'

function mailbox(text: string) {
  const parsed = parseMailbox(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

const ann = mailbox('ann@example.test')
const rcpt = (orcpt: string | null) =>
  rcptCommand({ mailbox: ann, original: ann, notify: null, orcpt }, ann, { ...noCapabilities, dsn: true })

test.each([
  ['as it came', 'rfc822;old+2Bann@example.test', ' ORCPT=rfc822;old+2Bann@example.test'],
  ['of type utf-8 in ASCII alone', 'utf-8;j\\x{FC}rgen@example.test', ' ORCPT=utf-8;j\\x{FC}rgen@example.test'],
  [
    'in its own characters, embedded: every host takes it so',
    'utf-8;jürgen🎉@example.test',
    ' ORCPT=utf-8;j\\x{FC}rgen\\x{1F389}@example.test',
  ],
  ['that would end the command, left out', 'rfc822;a b', ''],
  ['that was not given', null, ''],
])('ORCPT goes on %s (RFC 3461 §5.2.1, RFC 6533 §3)', (_, orcpt, parameter) => {
  expect(rcpt(orcpt)).toBe(`RCPT TO:<ann@example.test>${parameter}\r\n`)
})
