import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { peers, tempFolder } from '../support/peer.ts'
import { runClient } from './client-program.ts'
import { openHouse } from './house.ts'

async function house() {
  const open = await openHouse()
  onTestFinished(() => open.listener.close())
  return open
}

const message = 'Subject: hello\r\nFrom: a@example.com\r\n\r\n.a line with a dot\r\nthe end\r\n'
const stored = /\r\nSubject: hello\r\nFrom: a@example\.com\r\n\r\n\.\.a line with a dot\r\nthe end\r\n$/

describe('clients of others', () => {
  test.skipIf(!peers('swaks'))('swaks sends, and shows a refusal', async () => {
    const { port, inlet } = await house()
    const to = ['--server', `127.0.0.1:${port}`, '--from', 'a@example.com', '--helo', 'c.example']
    const sent = await runClient('swaks', [...to, '--to', 'b@example.org,c@example.org', '--data', message])
    expect(sent).toMatchObject({ code: 0 })
    expect(inlet.kept[0]!.envelope.recipients.map(({ mailbox }) => mailbox.text)).toEqual([
      'b@example.org',
      'c@example.org',
    ])
    expect(inlet.kept[0]!.body).toContain('\r\n..a line with a dot\r\nthe end\r\n')
    const piped = await runClient('swaks', [...to, '--to', 'b@example.org', '--pipeline', '--data', message])
    expect(piped).toMatchObject({ code: 0 })
    const refused = await runClient('swaks', [...to, '--to', 'nobody@example.org'])
    expect(refused.code).toBe(24)
    expect(refused.output).toContain('<** 550 5.1.1 no such user')
  })

  test.skipIf(!peers('curl'))('curl sends', async () => {
    const { port, inlet } = await house()
    const args = [
      '-sS',
      `smtp://127.0.0.1:${port}/c.example`,
      '--mail-from',
      'a@example.com',
      '--mail-rcpt',
      'b@example.org',
    ]
    expect(await runClient('curl', [...args, '--upload-file', '-'], message)).toEqual({ code: 0, output: '' })
    expect(inlet.kept[0]!.body).toMatch(stored)
    const refused = await runClient('curl', [...args.slice(0, -1), 'nobody@example.org', '--upload-file', '-'], message)
    expect(refused.code).toBe(55)
  })

  test.skipIf(!peers('msmtp'))('msmtp sends', async () => {
    const { port, inlet } = await house()
    const args = ['--host=127.0.0.1', `--port=${port}`, '--tls=off', '--auth=off', '--from=a@example.com']
    expect(await runClient('msmtp', [...args, 'b@example.org'], message.replaceAll('\r', ''))).toEqual({
      code: 0,
      output: '',
    })
    expect(inlet.kept[0]!.body).toMatch(stored)
    const refused = await runClient('msmtp', [...args, 'nobody@example.org'], message)
    expect(refused.output).toContain('550 5.1.1 no such user')
  })

  test.skipIf(!peers('smtp-source'))('smtp-source sends many, with a connection each and with kept ones', async () => {
    const { port, inlet } = await house()
    const args = [
      '-s',
      '5',
      '-m',
      '200',
      '-l',
      '3000',
      '-f',
      'a@example.com',
      '-t',
      'b@example.org',
      `127.0.0.1:${port}`,
    ]
    expect(await runClient('smtp-source', args)).toMatchObject({ code: 0 })
    expect(await runClient('smtp-source', ['-d', ...args])).toMatchObject({ code: 0 })
    expect(inlet.kept).toHaveLength(400)
    expect(new Set(inlet.kept.map(({ id }) => id)).size).toBe(400)
  })

  test.skipIf(!peers('python3'))("Python's smtplib sends, and knows the extensions", async () => {
    const { port, inlet } = await house()
    const script = join(tempFolder(), 'send.py')
    writeFileSync(
      script,
      `
import smtplib
s = smtplib.SMTP('127.0.0.1', ${port}, local_hostname='c.example')
s.ehlo()
assert s.has_extn('pipelining') and s.has_extn('smtputf8') and s.has_extn('dsn') and s.esmtp_features['size'] == '10000'
assert s.sendmail('a@example.com', ['b@example.org', 'nobody@example.org'], ${JSON.stringify(message)}) == {'nobody@example.org': (550, b'5.1.1 no such user')}
s.sendmail('andr\\u00e9@example.com', 'b@example.org', 'Subject: x\\r\\n\\r\\n\\u00e9'.encode(), mail_options=['SMTPUTF8', 'BODY=8BITMIME'], rcpt_options=['NOTIFY=NEVER'])
assert s.verify('b@example.org')[0] == 252
assert s.docmd('HELP')[0] == 214
try:
    s.sendmail('spammer@example.com', 'b@example.org', 'x')
    raise SystemExit('not refused')
except smtplib.SMTPSenderRefused as e:
    assert e.smtp_code == 550
try:
    s.sendmail('a@example.com', 'b@example.org', 'x' * 11000)
    raise SystemExit('not refused')
except smtplib.SMTPSenderRefused as e:
    assert e.smtp_code == 552
assert s.noop()[0] == 250
assert s.quit()[0] == 221
`,
    )
    expect(await runClient('python3', [script])).toEqual({ code: 0, output: '' })
    expect(inlet.kept[0]!.body).toMatch(stored)
    expect(inlet.kept[1]!.envelope).toMatchObject({
      smtputf8: true,
      body: '8bitmime',
      from: { text: 'andré@example.com' },
    })
    expect(inlet.kept[1]!.facts).toEqual({ dots: false, eightBit: true })
  })
})
