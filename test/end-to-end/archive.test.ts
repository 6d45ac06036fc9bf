// MQ-66, MQ-67: what was sent and what failed is kept, and failed mail comes back, as operators do it.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { behave, oddServer } from '../egress/odd-server.ts'
import { mailgw, startGateway, until } from '../support/gateway.ts'
import { freePort } from '../support/peer.ts'
import { openClient, sendMessage } from './client.ts'
import { site } from './site.ts'

test('sent and failed mail is kept, and failed mail goes back to where the document sends it now', async () => {
  let isFull = true
  const peer = await oddServer((verb, line, session) =>
    verb === 'RCPT' && isFull && line.includes('gone') ? '550 5.1.1 no such user\r\n' : behave(verb, line, session),
  )
  const port = await freePort()
  const document = (more: object = {}) =>
    site({
      port,
      relays: { out: { hosts: `127.0.0.1:${peer.port}`, tls: 'off' } },
      localMx: { '*': 'relay:out' },
      archive: { sent: { dir: 'archive/sent', keep: '1d', maxSize: '1MiB' }, failed: { dir: 'archive/failed' } },
      ...more,
    })
  const gateway = await startGateway(document())
  const inside = await openClient(port)
  const content = 'Subject: x\r\n\r\n..a dot, and \xe4\r\n'
  const sent = await sendMessage(inside, 'a@src.test', 'b@dst.test', content)
  const mixed = await sendMessage(inside, 'a@here.test', ['gone@dst.test', 'b@dst.test'], content)
  const lost = await sendMessage(inside, 'c@here.test', 'gone@else.test', content)
  const copies = (kind: string): string[] => {
    const dir = join(gateway.stateDir, 'archive', kind)
    if (!existsSync(dir)) return []
    const names = readdirSync(dir, { recursive: true, encoding: 'utf8' })
    return names
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(-18, -5))
      .sort()
  }
  const notified = 2
  await until('all is archived', () => copies('sent').length === 2 + notified && copies('failed').length === 2)
  expect(copies('sent')).toEqual(expect.arrayContaining([sent, mixed]))
  expect(copies('failed')).toEqual([mixed, lost].sort())
  const [hour] = readdirSync(join(gateway.stateDir, 'archive/failed'))
  const mail = readFileSync(join(gateway.stateDir, 'archive/failed', hour!, `${lost}.eml`), 'latin1')
  expect(mail).toMatch(/^Received: [\s\S]*\r\nSubject: x\r\n\r\n\.a dot, and \xe4\r\n$/)

  const resurrect = (...args: string[]) => mailgw(['queue', 'resurrect', ...args, '--state-dir', gateway.stateDir])
  expect((await resurrect()).err).toContain('name ids, or say which by')
  const counted = await resurrect('--all', '--dry-run')
  expect(counted.out).toContain('2 messages, 2 recipients would be put back into the queue')
  expect(counted.out).toContain('c@here.test -> gone@else.test  (550 5.1.1 no such user)')
  expect(await resurrect('../../etc/passwd')).toMatchObject({ code: 1 })
  expect((await resurrect('0123456789ABC')).err).toContain('0123456789ABC: not in the archive of failed messages')

  isFull = false
  const before = peer.accepted.length
  expect(await resurrect('--domain', 'dst.test')).toMatchObject({ code: 0 })
  await until('it arrives', () => peer.accepted.length === before + 1)
  // For whom it had failed, and nobody else gets it twice; the stored octets, as they were.
  expect(
    peer.sessions
      .flatMap(({ heard }) => heard)
      .filter((line) => line.startsWith('RCPT'))
      .at(-1),
  ).toBe('RCPT TO:<gone@dst.test>')
  expect(peer.accepted.at(-1)).toContain('\r\nSubject: x\r\n\r\n..a dot, and \xe4\r\n')
  expect(copies('failed')).toEqual([lost])
  const line = await gateway.logged('message.resurrected')
  expect(line).toMatchObject({ of: mixed, recipients: 1 })
  await until('it is archived as sent', () => copies('sent').includes(String(line['id'])))

  const json = JSON.parse((await resurrect(lost, '--json')).out) as {
    messages: number
    rows: { id: string; as: string }[]
  }
  expect(json).toMatchObject({ messages: 1, rows: [{ id: lost, sender: 'c@here.test' }] })
  await until('nothing is left', () => copies('failed').length === 0)
  expect(await resurrect(lost)).toMatchObject({ code: 1 })
  const status = await gateway.status()
  expect(status.archives).toMatchObject({ sent: { lost: 0 }, failed: { kept: 2, lost: 0 } })

  expect(await gateway.apply(document({ archive: undefined }))).toMatchObject({ code: 0 })
  expect((await resurrect('--all')).err).toContain('the document keeps no failed messages')
})

test.skipIf(process.getuid?.() !== 0)('an archive whose disk is full stops no mail', async () => {
  const peer = await oddServer()
  const port = await freePort()
  const full = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', full])
  try {
    const gateway = await startGateway(
      site({
        port,
        relays: { out: { hosts: `127.0.0.1:${peer.port}`, tls: 'off' } },
        localMx: { '*': 'relay:out' },
        archive: { sent: { dir: `${full}/sent` } },
      }),
    )
    const inside = await openClient(port)
    for (let i = 0; i < 20; i++) {
      await sendMessage(
        inside,
        'a@src.test',
        'b@dst.test',
        `Subject: x\r\n\r\n${'x'.repeat(900)}\r\n${'y'.repeat(900)}\r\n`.repeat(9),
      )
    }
    await until('all are delivered', () => peer.accepted.length === 20)
    await until('the queue is empty', async () => (await gateway.status()).queue['messages'] === 0)
    expect(await gateway.logged('archive.lost')).toMatchObject({ level: 'error', archive: 'sent' })
    const metrics = await mailgw(['metrics', '--state-dir', gateway.stateDir])
    expect(metrics.out).toMatch(/mailgw_archived_total\{archive="sent",result="lost"\} [1-9]/)
  } finally {
    execFileSync('umount', ['-l', full])
  }
})
