import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { tempFolder } from '../support/peer.ts'
import { runHere } from './run-here.ts'

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`
const document = {
  apiVersion: 'mailgw/1',
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  certificates: { main: { cert: '/etc/mailgw/main.pem', key: '/etc/mailgw/main.key' } },
  credentials: [{ id: 'staff', file: '/etc/mailgw/users' }],
  listeners: {
    mx: { kind: 'mx', bind: '127.0.0.1:2525' },
    submission: { kind: 'submission', bind: '127.0.0.1:2587', tls: 'required', login: 'required' },
    smtps: { kind: 'submission', bind: '127.0.0.1:2465', tls: 'implicit', login: 'required' },
    devices: {
      kind: 'internal',
      bind: '127.0.0.1:2466',
      tls: { mode: 'required', clientCa: '/etc/mailgw/clients.pem' },
    },
  },
  domains: { 'corp.example': 'local' },
  clients: {
    staff: { logins: ['*@corp.example'], internal: true, senders: ['*.corp.example', 'corp.example'] },
    scanner: { certificates: [digest], internal: true, senders: ['scan@corp.example'] },
  },
  relaying: 'two-way',
  relays: { isp: { hosts: ['smart.isp.example'] } },
  localMx: { '*': { relay: 'isp' } },
  deny: [
    { id: 'robots', when: { helo: ['*.robots.example'] } },
    { id: 'dialup', when: { helo: ['*.dyn.example'] }, mode: 'observe' },
  ],
}

function written(rows?: unknown): string {
  const folder = tempFolder()
  const file = join(folder, 'mailgw.config.json')
  writeFileSync(file, JSON.stringify(document))
  if (rows !== undefined) writeFileSync(join(folder, 'mailgw.test.json'), JSON.stringify(rows))
  return file
}

describe('mailgw explain', () => {
  const explain = async (...words: string[]) => {
    const { out, err } = await runHere(['explain', '--config', written(), '--client', '203.0.113.9', ...words])
    expect(out, err).not.toBe('')
    return out
  }
  const mail = ['--from', 'ann@corp.example', '--to', 'x@far.example'] as const

  test('takes a login over TLS, and names the client that it makes of the session', async () => {
    const out = await explain('--listener', 'submission', '--tls', '--login', 'Ann@corp.example', ...mail)
    expect(out).toContain('at submission, over TLS, logged in as ann@corp.example, from ann@corp.example')
    expect(out).toMatch(/login ann@corp\.example: matches \*@corp\.example +clients\.staff\.logins/)
    expect(out).toMatch(/=> accepted\n {3}x@far\.example to relay isp/)
  })

  test('refuses a login on a line in the clear at the stage auth', async () => {
    const out = await explain('--listener', 'submission', '--login', 'ann@corp.example', ...mail)
    expect(out).toMatch(/the line is in the clear/)
    expect(out).toMatch(/=> refused at auth: 538 /)
  })

  test('says who did not log in', async () => {
    const out = await explain('--listener', 'submission', '--tls', ...mail)
    expect(out).toMatch(/nobody logged in: no row matches/)
    expect(out).toMatch(/=> refused at mail: 530 5\.7\.0 /)
  })

  test('takes TLS for granted at a listener of implicit TLS, and with a certificate', async () => {
    expect(await explain('--listener', 'smtps', ...mail)).toContain('at smtps, over TLS, from')
    const out = await explain(
      '--listener',
      'devices',
      '--cert',
      digest.toUpperCase(),
      '--from',
      'scan@corp.example',
      '--to',
      'x@far.example',
    )
    expect(out).toContain(`over TLS, certificate ${digest}`)
    expect(out).toMatch(/=> accepted/)
    const other = await explain('--listener', 'devices', '--cert', digest, ...mail)
    expect(other).toMatch(/=> refused at mail: 550 5\.7\.1 /)
  })

  test('asks the stage helo of a HELO name, and shows a rule that only looks on', async () => {
    expect(await explain('--listener', 'mx', '--helo', 'a.robots.example')).toMatch(/=> refused at helo: 550 /)
    const out = await explain('--listener', 'mx', '--helo', 'A.DYN.example', '--from', '<>', '--to', 'ann@corp.example')
    expect(out).toMatch(/would be refused 550 5\.7\.1 .* deny\[1\]/)
    expect(out).toMatch(/=> accepted/)
  })

  test('has the line in its JSON, and notes at the walk that met them', async () => {
    const said = ['--listener', 'smtps', '--login', 'ann@corp.example', '--helo', 'a.dyn.example', ...mail, '--json']
    const { message, outcome } = JSON.parse(await explain(...said))
    expect(message).toMatchObject({ tls: true, login: 'ann@corp.example', helo: 'a.dyn.example' })
    expect(message).not.toHaveProperty('certificate')
    const helo = outcome.walks.find(({ stage }: { stage: string }) => stage === 'helo')
    expect(helo.notes).toMatchObject([{ note: 'observe', code: 550, at: 'deny[1]' }])
  })

  test.each([
    ['--cert', 'sha256:00', /--cert: expected sha256: and 64 hexadecimal digits, got "sha256:00"/],
    ['--login', 'a b', /--login: expected a login, got "a b"/],
    ['--helo', 'a\nb', /--helo: expected the name of HELO/],
  ] as const)('%s %j is no such thing, and is said to be none', async (option, value, wanted) => {
    const { code, err } = await runHere(['explain', '--config', written(), option, value])
    expect(code).toBe(1)
    expect(err).toMatch(wanted)
  })
})

test('tests say the line, and are told by it', async () => {
  const user = { listener: 'submission', client: '203.0.113.9', from: 'ann@corp.example', to: 'x@far.example' }
  const rows = [
    { ...user, tls: true, login: 'ann@corp.example', expect: 'relay isp' },
    { ...user, tls: true, expect: 'reject 530 stage=mail' },
    { ...user, login: 'ann@corp.example', expect: 'reject 538 stage=auth' },
    { ...user, listener: 'smtps', login: 'ann@corp.example', expect: 'relay isp' },
    { ...user, listener: 'devices', certificate: digest, expect: 'reject 550 by=clients.scanner.senders' },
    { listener: 'mx', client: '203.0.113.9', helo: 'x.robots.example', expect: 'reject stage=helo by=deny[0]' },
    { ...user, tls: true, login: 'ann@corp.example', expect: 'reject' },
  ]
  const { code, out } = await runHere(['test', '--config', written(rows)])
  expect(code).toBe(1)
  expect(out).toMatch(/1 failed/)
  expect(out).toMatch(
    /203\.0\.113\.9 at submission, over TLS, logged in as ann@corp\.example, ann@corp\.example to x@far/,
  )
  expect(out).toMatch(/explain +mailgw explain .* --tls --login ann@corp\.example --from ann@corp\.example/)
})

test('a line that cannot be meant is refused in tests with its place', async () => {
  const { code, err } = await runHere([
    'test',
    '--config',
    written([
      { to: 'a@b.org', tls: 'yes', expect: 'accepted' },
      { to: 'a@b.org', certificate: 'sha256:00', expect: 'accepted' },
      { to: 'a@b.org', login: '', expect: 'accepted' },
    ]),
  ])
  expect(code).toBe(1)
  expect(err).toMatch(/MG1201.*expected true or false, got "yes"/)
  expect(err).toMatch(/MG1331.*expected sha256: and 64 hexadecimal digits/)
  expect(err).toMatch(/MG1330.*expected a login, got ""/)
})
