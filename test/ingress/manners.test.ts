import { describe, expect, onTestFinished, test } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import type { Document } from '../../src/config/document.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import { graphAdmission } from '../../src/ingress/graph-admission.ts'
import { systemClock } from '../../src/mail/clock.ts'
import type { ListenerSettings } from '../../src/mail/settings.ts'
import { aDocument, alias, domain, list } from '../compile/a-document.ts'
import { type MemoryInlet, openHouse, settings } from './house.ts'
import { tcpWire, until } from './wire.ts'

type Spoken = { said: string; closed: boolean; inlet: MemoryInlet }

const zurich = { ...systemClock, now: () => Date.UTC(2014, 5, 23, 11, 47, 18) }

/** Opens a listener, says all lines one after the other, and gives what came. */
async function talk(over: Partial<ListenerSettings>, lines: readonly string[], document?: Partial<Document>) {
  const admission = document === undefined ? undefined : graph(document)
  const house = await openHouse({
    settings: { ...settings(over.kind), ...over },
    clock: zurich,
    version: '9.9.9',
    ...(admission === undefined ? {} : { admission: () => admission }),
  })
  onTestFinished(() => house.listener.close())
  const wire = await tcpWire(house.port)
  onTestFinished(() => wire.destroy())
  const replies = () => wire.came().match(/^\d{3} .*\r\n/gm)?.length ?? 0
  await until(() => replies() === 1)
  for (const [i, line] of lines.entries()) {
    await wire.send(Buffer.from(`${line}\r\n`, 'latin1'))
    await until(() => replies() >= i + 2 || wire.closed())
  }
  return { said: wire.came(), closed: wire.closed(), inlet: house.inlet } satisfies Spoken
}

function graph(part: Partial<Document>) {
  const { graph, diagnostics } = compile(aDocument(part))
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return graphAdmission(interpreter(graph), async () => {
    throw new Error('nobody is asked for VRFY')
  })
}

const answers = ({ said }: Spoken): string[] => said.split('\r\n').slice(1, -1)

describe('the greeting', () => {
  test('MQ-40 MQ-41 it is what the document says, behind the name of the listener', async () => {
    const { said } = await talk(
      { hostname: 'mx2.corp.example', greeting: '$exename $ver greets $client_ip in $yyyy on $server_name' },
      ['QUIT'],
    )
    expect(said.split('\r\n')[0]).toBe('220 mx2.corp.example mailgw 9.9.9 greets 127.0.0.1 in 2014 on mx2.corp.example')
  })

  test('MR-35 each listener has its own name, in the greeting, in replies and in Received', async () => {
    const message = ['MAIL FROM:<a@example.com>', 'RCPT TO:<b@example.org>', 'DATA', 'Subject: x\r\n\r\nx\r\n.']
    const spoken = await talk({ hostname: 'mx2.corp.example' }, ['EHLO c.example', ...message, 'QUIT'])
    expect(spoken.said).toContain('220 mx2.corp.example ESMTP\r\n250-mx2.corp.example\r\n')
    expect(spoken.said).toContain('221 2.0.0 mx2.corp.example closes')
    expect(spoken.inlet.kept[0]!.body).toContain('by mx2.corp.example')
  })
})

describe('MQ-45 TIME', () => {
  const form = /^250 2\.0\.0 Monday, 23rd Jun 2014 \d\d:47:18 [+-]\d{4}$/

  test('before HELO it tells the time and lets the client go', async () => {
    const spoken = await talk({ time: true }, ['TIME'])
    await expect.poll(() => spoken.said.includes('221')).toBe(true)
    expect(answers(spoken)[0]).toMatch(form)
    expect(answers(spoken)[1]).toBe('221 2.0.0 closing')
  })

  test('after HELO the session goes on, also inside of a transaction, and hears it five times', async () => {
    const before = ['HELO c.example', 'MAIL FROM:<a@example.com>']
    const spoken = await talk({ time: true }, [...before, ...Array(6).fill('time'), 'RCPT TO:<b@example.org>'])
    const [, , ...times] = answers(spoken)
    for (const one of times.slice(0, 5)) expect(one).toMatch(form)
    expect(times.slice(5)).toEqual(['503 5.5.1 TIME was asked often enough', '250 2.1.5 recipient ok'])
  })

  test('it has no argument', async () => {
    expect(answers(await talk({ time: true }, ['TIME now']))).toEqual(['501 5.5.4 TIME has no argument'])
  })

  test('where the document does not want it, it is not known', async () => {
    expect(answers(await talk({}, ['TIME', 'HELO c.example']))[0]).toBe('500 5.5.1 the command is not known')
  })
})

describe('MQ-24 HELO', () => {
  test('is accepted', async () => {
    expect(answers(await talk({}, ['HELO c.example']))).toEqual(['250 mx.example.org'])
  })

  test('is refused where the document wants EHLO, which is taken then', async () => {
    const spoken = await talk({ helo: 'refuse' }, ['HELO c.example', 'MAIL FROM:<a@example.com>', 'EHLO c.example'])
    expect(answers(spoken).slice(0, 3)).toEqual([
      '502 5.5.1 send EHLO',
      '503 5.5.1 send EHLO or HELO first',
      '250-mx.example.org',
    ])
  })
})

describe('the postmaster', () => {
  const paths = ['postmaster', 'PostMaster@[127.0.0.1]', 'postmaster@[127.0.0.2]', 'ann@[127.0.0.1]']
  const lines = ['EHLO c.example', 'MAIL FROM:<a@far.example>', ...paths.map((path) => `RCPT TO:<${path}>`)]

  test('is reached at the address that the client has connected to, and nobody else is (RFC 1123 §5.2.17)', async () => {
    const spoken = await talk({ name: 'mx' }, [...lines, 'DATA', '.'], {
      domains: [domain('example.com', 'local', ['ann'])],
    })
    expect(answers(spoken).slice(-6, -2)).toEqual([
      '250 2.1.5 recipient ok',
      '250 2.1.5 recipient ok',
      '550 5.7.1 relaying denied',
      '550 5.7.1 relaying denied',
    ])
    // Both names are one mailbox, which gets the message once.
    expect(spoken.inlet.kept[0]!.envelope.recipients).toHaveLength(1)
  })
})

describe('MQ-27 VRFY', () => {
  const site: Partial<Document> = {
    domains: [domain('example.com', 'local', ['ann', 'bob']), domain('any.example'), domain('far.example', 'relay')],
    aliases: [alias('all@example.com', 'ann@example.com', 'bob@example.com')],
  }
  const ask = ['VRFY ann@example.com', 'VRFY <BOB@example.com>', 'VRFY all@example.com', 'VRFY eve@example.com']
  const more = ['VRFY x@any.example', 'VRFY x@far.example', 'VRFY x@elsewhere.example', 'VRFY ann', 'VRFY ""@']

  test('tells a stranger nothing, whether the mailbox is there or not', async () => {
    const spoken = await talk({ name: 'mx', vrfy: ['10.0.0.0/8'] }, [...ask, ...more], site)
    expect(new Set(answers(spoken))).toEqual(new Set(['252 2.1.5 not verified; RCPT will tell']))
    const unsaid = await talk({ name: 'mx' }, ask, site)
    expect(new Set(answers(unsaid))).toEqual(new Set(['252 2.1.5 not verified; RCPT will tell']))
  })

  test('tells a client that the document names what is true, and what it cannot know', async () => {
    const spoken = await talk({ name: 'mx', vrfy: ['127.0.0.0/8'] }, [...ask, ...more], site)
    expect(answers(spoken)).toEqual([
      '250 2.1.5 <ann@example.com>',
      '250 2.1.5 <BOB@example.com>',
      '250 2.1.5 <all@example.com>',
      '550 5.1.1 no such mailbox',
      '252 2.1.5 cannot be verified; RCPT will tell',
      '252 2.1.5 cannot be verified; RCPT will tell',
      '252 2.1.5 cannot be verified; RCPT will tell',
      '252 2.1.5 not verified; RCPT will tell',
      '252 2.1.5 not verified; RCPT will tell',
    ])
  })

  test('knows a mailbox that is not ASCII, which no reply could name (RFC 6531 §3.7.4.2)', async () => {
    const domains = [domain('example.com', 'local', ['ann', 'zoë'])]
    const asked = [`VRFY zo\xc3\xab@example.com SMTPUTF8`, `VRFY zo\xc3\xbb@example.com SMTPUTF8`]
    const spoken = await talk({ name: 'mx', vrfy: ['127.0.0.0/8'] }, asked, { domains })
    expect(answers(spoken)).toEqual(['252 2.1.5 not shown in ASCII; RCPT will tell', '550 5.1.1 no such mailbox'])
  })

  test('asks no DNS list and counts nothing', async () => {
    const dnsbl = [list('zen')]
    const spoken = await talk({ name: 'mx', vrfy: ['127.0.0.1/32'] }, ask, { ...site, dnsbl })
    expect(answers(spoken)[0]).toBe('252 2.1.5 cannot be verified; RCPT will tell')
  })

  test('without an address it is a mistake', async () => {
    expect(answers(await talk({}, ['VRFY']))).toEqual(['501 5.5.4 expected VRFY and an address'])
  })
})

describe('MR-29 the syntax of addresses', () => {
  const loose = [
    'MAIL FROM: <a@example.com>',
    'RSET',
    'MAIL FROM:a@example.com',
    'RSET',
    'MAIL FROM <a_b@my_host.example>',
  ]

  test('a listener for other servers is strict, and can be made loose', async () => {
    const strict = await talk({}, ['HELO c.example', ...loose])
    expect(answers(strict).filter((line) => line.startsWith('501'))).toHaveLength(3)
    const told = await talk({ addresses: 'loose' }, ['HELO c.example', ...loose])
    expect(answers(told).filter((line) => line === '250 2.1.0 sender ok')).toHaveLength(3)
  })

  test('a listener for machines inside is loose, and can be made strict', async () => {
    const told = await talk({ kind: 'internal' }, ['HELO c.example', ...loose])
    expect(answers(told).filter((line) => line === '250 2.1.0 sender ok')).toHaveLength(3)
    const strict = await talk({ kind: 'internal', addresses: 'strict' }, ['HELO c.example', ...loose])
    expect(answers(strict).filter((line) => line.startsWith('501'))).toHaveLength(3)
  })

  test.each(['strict', 'loose'] as const)('%s never lets CR, LF or NUL pass', async (addresses) => {
    for (const octet of ['\r', '\0', '\x0b']) {
      const spoken = await talk({ addresses }, ['HELO c.example', `MAIL FROM:<a${octet}b@example.com>`, 'NOOP'])
      expect(answers(spoken)[1]).toMatch(/^500 5\.5\.2/)
    }
    const broken = await talk({ addresses }, ['HELO c.example', 'MAIL FROM:<a\nb@example.com>'])
    expect(answers(broken)[1]).toMatch(/^500 5\.5\.2 a command ends in CRLF/)
  })
})
