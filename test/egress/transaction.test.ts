import { describe, expect, test } from 'vitest'
import type { Attempt } from '../../src/queue/lane.ts'
import { client, patient } from './client.ts'
import { message } from './lane.ts'
import { type Answer, type Behave, behave, ehloReply, oddServer } from './odd-server.ts'

const bob = 'b@dst.test'
const three = ['a@dst.test', 'b@dst.test', 'c@dst.test']

const brief = (attempts: readonly Attempt[]) =>
  attempts.map(({ reply, command, status }) => `${reply?.code ?? '-'} ${status ?? '-'} ${command}`)

/** The standard behaviour, but for the verbs named. */
const odd =
  (
    answers: Record<
      string,
      Answer | ((line: string, session: { number: number; heard: string[] }) => Answer | undefined)
    >,
  ): Behave =>
  (verb, line, session) => {
    const own = Object.hasOwn(answers, verb) ? answers[verb] : undefined
    const answer = typeof own === 'function' ? own(line, session) : own
    return answer === undefined ? behave(verb, line, session) : answer
  }

test('envelope in one write; content, dot and the next envelope in another', async () => {
  const server = await oddServer()
  const { send } = client({ ports: [server.port], relay: { connections: 1 } })
  const attempts = await send(message({ id: 'Q1' }), message({ id: 'Q2' }))
  expect(brief(attempts)).toEqual(['250 2.0.0 body', '250 2.0.0 body'])
  expect(attempts[0]).toMatchObject({ host: `mx1.test[127.0.0.1]:${server.port}`, reply: { text: 'taken' } })
  expect(server.sessions).toHaveLength(1)
  expect(server.sessions[0]!.reads).toEqual([
    ['EHLO gw.test'],
    ['MAIL FROM:<a@src.test> SIZE=21', 'RCPT TO:<b@dst.test>', 'DATA'],
    ['CONTENT', 'MAIL FROM:<a@src.test> SIZE=21', 'RCPT TO:<b@dst.test>', 'DATA'],
    ['CONTENT'],
  ])
  expect(server.accepted).toEqual(['Subject: x\r\n\r\nhello\r\n', 'Subject: x\r\n\r\nhello\r\n'])
})

test('without PIPELINING each command waits for its answer', async () => {
  const server = await oddServer(odd({ EHLO: '250 odd.test\r\n' }))
  const { send } = client({ ports: [server.port], relay: { connections: 1 } })
  expect(brief(await send(message({ to: three }), message()))).toEqual([
    '250 2.0.0 body',
    '250 2.0.0 body',
    '250 2.0.0 body',
    '250 2.0.0 body',
  ])
  expect(server.sessions[0]!.reads.every((read) => read.length === 1)).toBe(true)
  expect(server.sessions[0]!.heard[1]).toBe('MAIL FROM:<a@src.test>')
})

test('where EHLO is refused, HELO', async () => {
  const server = await oddServer(odd({ EHLO: '502 5.5.1 what?\r\n' }))
  expect(brief(await client({ ports: [server.port] }).send(message()))).toEqual(['250 2.0.0 body'])
  expect(server.sessions[0]!.heard.slice(0, 3)).toEqual(['EHLO gw.test', 'HELO gw.test', 'MAIL FROM:<a@src.test>'])
})

test('the null reverse-path is <>', async () => {
  const server = await oddServer()
  await client({ ports: [server.port] }).send(message({ from: null }))
  expect(server.sessions[0]!.heard).toContain('MAIL FROM:<> SIZE=21')
})

test('content comes out as it was stored: stuffed by DATA, in one chunk by BDAT, and BDAT only where no line has a dot', async () => {
  const server = await oddServer(odd({ EHLO: ehloReply('PIPELINING', 'CHUNKING') }))
  const { send } = client({ ports: [server.port], relay: { connections: 1 } })
  await send(message({ content: 'plain\r\n' }), message({ content: 'a\r\n..b\r\n' }), message({ content: '' }))
  expect(server.accepted).toEqual(['plain\r\n', 'a\r\n..b\r\n', ''])
  expect(server.sessions[0]!.heard.filter((line) => /^(BDAT|DATA)/.test(line))).toEqual([
    'BDAT 7 LAST',
    'DATA',
    'BDAT 0 LAST',
  ])
})

test('content of several MiB streams out of the spool, by DATA and by BDAT, and the next message follows it at once', async () => {
  const plain = `${'x'.repeat(998)}\r\n`.repeat(3000)
  const dotted = `${`..${'x'.repeat(996)}`}\r\n`.repeat(3000)
  const server = await oddServer(odd({ EHLO: ehloReply('PIPELINING', 'CHUNKING') }))
  const { send } = client({ ports: [server.port], relay: { connections: 1 } })
  const entries = [plain, dotted].flatMap((content) => [message({ content, spooled: true }), message({ content })])
  expect(brief(await send(...entries))).toEqual(entries.map(() => '250 2.0.0 body'))
  expect(server.accepted.map((content) => content === plain || content === dotted)).toEqual([true, true, true, true])
  expect(server.sessions[0]!.reads.some((read) => read[0] === 'CONTENT' && read[1]?.startsWith('MAIL'))).toBe(true)
})

describe('recipients', () => {
  test('each has its own outcome; the content goes to those accepted', async () => {
    const server = await oddServer(
      odd({
        RCPT: (line) =>
          line.includes('<a@') ? '550 5.1.1 no\r\n' : line.includes('<b@') ? '450 4.2.1 later\r\n' : undefined,
      }),
    )
    expect(brief(await client({ ports: [server.port] }).send(message({ to: three })))).toEqual([
      '550 5.1.1 rcpt',
      '450 4.2.1 rcpt',
      '250 2.0.0 body',
    ])
  })

  for (const pipelining of [true, false]) {
    test(`when all are refused no content is sent, and RSET comes before the next MAIL${pipelining ? '' : ' (no PIPELINING)'}`, async () => {
      const server = await oddServer(
        odd({
          EHLO: pipelining ? ehloReply('PIPELINING') : ehloReply('HELP'),
          RCPT: (line) => (line.includes('<no@') ? '550 5.1.1 no\r\n' : undefined),
          DATA: (_, { heard }) => (heard.at(-2)?.includes('<no@') ? '554 5.5.1 no valid recipients\r\n' : undefined),
        }),
      )
      const { send } = client({ ports: [server.port], relay: { connections: 1 } })
      const attempts = await send(message({ to: ['no@dst.test'] }), message())
      expect(brief(attempts)).toEqual(['550 5.1.1 rcpt', '250 2.0.0 body'])
      expect(server.accepted).toHaveLength(1)
      expect(server.sessions).toHaveLength(1)
      const { heard } = server.sessions[0]!
      expect(heard.slice(heard.indexOf('RSET')).slice(0, 3)).toEqual([
        'RSET',
        'MAIL FROM:<a@src.test>',
        `RCPT TO:<${bob}>`,
      ])
    })
  }

  test('354 although none was accepted is answered by a lone dot', async () => {
    const server = await oddServer(
      odd({
        RCPT: (line) => (line.includes('<no@') ? '550 5.1.1 no\r\n' : undefined),
        CONTENT: (line) => (line === '' ? '554 5.5.1 nobody\r\n' : undefined),
      }),
    )
    const { send } = client({ ports: [server.port], relay: { connections: 1 } })
    expect(brief(await send(message({ to: ['no@dst.test'] }), message()))).toEqual(['550 5.1.1 rcpt', '250 2.0.0 body'])
    expect(server.accepted).toEqual(['Subject: x\r\n\r\nhello\r\n'])
    expect(server.sessions).toHaveLength(1)
  })

  test('354 after MAIL was refused and recipients accepted ends the connection: no empty message goes to them', async () => {
    const server = await oddServer(odd({ MAIL: '451 4.3.0 no\r\n' }))
    expect(brief(await client({ ports: [server.port] }).send(message()))).toEqual(['451 4.3.0 mail'])
    await expect.poll(() => server.open(), patient).toBe(0)
    expect(server.sessions[0]!.heard).not.toContain('CONTENT')
  })

  test('552 to RCPT is reported as it came', async () => {
    const server = await oddServer(odd({ RCPT: '552 5.2.2 full\r\n', DATA: '503 5.5.1 no\r\n' }))
    expect(brief(await client({ ports: [server.port] }).send(message()))).toEqual(['552 5.2.2 rcpt'])
  })

  test('too many at a time: the others follow at once in another transaction', async () => {
    const inTransaction = (heard: readonly string[]) =>
      heard.slice(heard.findLastIndex((line) => line.startsWith('MAIL'))).length - 1
    const server = await oddServer(
      odd({ RCPT: (_, { heard }) => (inTransaction(heard) > 1 ? '452 4.5.3 too many\r\n' : undefined) }),
    )
    expect(brief(await client({ ports: [server.port] }).send(message({ to: three })))).toEqual([
      '250 2.0.0 body',
      '250 2.0.0 body',
      '250 2.0.0 body',
    ])
    expect(server.accepted).toHaveLength(3)
    expect(server.sessions[0]!.heard.filter((line) => line.startsWith('RCPT')).length).toBe(6)
  })

  test('a full mailbox (452 4.2.2) is not "too many": it waits', async () => {
    const server = await oddServer(odd({ RCPT: (line) => (line.includes('<c@') ? '452 4.2.2 full\r\n' : undefined) }))
    expect(brief(await client({ ports: [server.port] }).send(message({ to: three })))).toEqual([
      '250 2.0.0 body',
      '250 2.0.0 body',
      '452 4.2.2 rcpt',
    ])
    expect(server.accepted).toHaveLength(1)
  })

  test('RCPTMAX (RFC 9422) divides them, and without it one transaction takes a hundred', async () => {
    const to = Array.from({ length: 205 }, (_, i) => `r${i}@dst.test`)
    const limited = await oddServer(odd({ EHLO: ehloReply('PIPELINING', 'LIMITS RCPTMAX=90 MAILMAX=2') }))
    const { send } = client({ ports: [limited.port], relay: { connections: 1 } })
    expect(new Set(brief(await send(message({ to }))))).toEqual(new Set(['250 2.0.0 body']))
    expect(limited.accepted).toHaveLength(3)
    const open = await oddServer()
    await client({ ports: [open.port] }).send(message({ to }))
    expect(open.accepted).toHaveLength(3)
    const { heard } = open.sessions[0]!
    expect(heard.filter((line) => line.startsWith('RCPT'))).toHaveLength(205)
  })
})

describe('parameters', () => {
  test('DSN parameters are passed on where DSN is offered, and the attempt says so', async () => {
    const server = await oddServer()
    const entry = message()
    const recipients = [
      {
        ...entry.envelope.recipients[0]!,
        notify: ['success' as const, 'delay' as const],
        orcpt: 'rfc822;b+2B@dst.test',
      },
      { ...entry.envelope.recipients[0]!, notify: [], orcpt: null },
    ]
    const [attempt] = await client({ ports: [server.port] }).send(
      message({ to: [bob, bob], envelope: { recipients, ret: 'hdrs', envid: 'e+3D1' } }),
    )
    expect(attempt?.dsnTaken).toBe(true)
    expect(server.sessions[0]!.heard.slice(1, 4)).toEqual([
      'MAIL FROM:<a@src.test> SIZE=21 RET=HDRS ENVID=e+3D1',
      'RCPT TO:<b@dst.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2B@dst.test',
      'RCPT TO:<b@dst.test> NOTIFY=NEVER',
    ])
    const without = await oddServer(odd({ EHLO: ehloReply('PIPELINING') }))
    const [second] = await client({ ports: [without.port] }).send(
      message({ envelope: { recipients, ret: 'full', envid: 'x' }, to: [bob, bob] }),
    )
    expect(second?.dsnTaken).toBeUndefined()
    expect(without.sessions[0]!.heard.slice(1, 3)).toEqual(['MAIL FROM:<a@src.test>', 'RCPT TO:<b@dst.test>'])
  })

  test('eight-bit content is declared, or converted where it cannot go (D2 8BITMIME)', async () => {
    const server = await oddServer()
    expect(brief(await client({ ports: [server.port] }).send(message({ content: 'Subject: x\r\n\r\né\r\n' })))).toEqual(
      ['250 2.0.0 body'],
    )
    expect(server.sessions[0]!.heard[1]).toBe('MAIL FROM:<a@src.test> SIZE=18 BODY=8BITMIME')
    const seven = await oddServer(odd({ EHLO: ehloReply('PIPELINING') }))
    const { send } = client({ ports: [seven.port] })
    expect(brief(await send(message({ content: 'Subject: x\r\n\r\né\r\n' })))).toEqual(['250 2.0.0 body'])
    expect(seven.sessions[0]!.heard[1]).toBe('MAIL FROM:<a@src.test>')
    expect(seven.accepted[0]).toContain('Content-Transfer-Encoding: base64\r\n\r\nw6kNCg==\r\n')
  })

  test('eight-bit content that is signed fails with 5.6.3 where it cannot go; nothing is sent then', async () => {
    const seven = await oddServer(odd({ EHLO: ehloReply('PIPELINING') }))
    const { send } = client({ ports: [seven.port] })
    const [attempt] = await send(message({ content: 'DKIM-Signature: v=1\r\n\r\né\r\n' }))
    expect(attempt).toMatchObject({ reply: { code: 554 }, status: '5.6.3', host: null, command: 'route' })
    expect(brief(await send(message()))).toEqual(['250 2.0.0 body'])
    expect(seven.sessions[0]!.heard.filter((line) => line.startsWith('MAIL'))).toHaveLength(1)
  })

  test('what is larger than the host takes fails with 5.3.4 before it is sent; SIZE without a number takes all', async () => {
    const server = await oddServer(odd({ EHLO: ehloReply('PIPELINING', 'SIZE 20') }))
    const { send } = client({ ports: [server.port] })
    const [attempt] = await send(message())
    expect(attempt).toMatchObject({ reply: { code: 552 }, status: '5.3.4', host: null })
    // 21 octets stored, 19 when its dots are taken off.
    expect(brief(await send(message({ content: '..\r\n..\r\n123456789\r\n' })))).toEqual(['250 2.0.0 body'])
    expect(server.sessions[0]!.heard.filter((line) => line.startsWith('MAIL'))).toEqual([
      'MAIL FROM:<a@src.test> SIZE=19',
    ])
    const open = await oddServer(odd({ EHLO: ehloReply('PIPELINING', 'SIZE') }))
    expect(brief(await client({ ports: [open.port] }).send(message()))).toEqual(['250 2.0.0 body'])
  })

  const utf8 = { smtputf8: true } as const
  const utf8Cases = [
    { name: 'an address beyond ASCII', entry: message({ to: ['jös@dst.test'], envelope: utf8 }), needs: true },
    {
      name: 'a header beyond ASCII',
      entry: message({ content: 'Subject: é\r\n\r\nx\r\n', envelope: utf8 }),
      needs: true,
    },
    {
      name: 'a header beyond ASCII in the spool',
      entry: message({ content: 'Subject: é\r\n\r\nx\r\n', envelope: utf8, spooled: true }),
      needs: true,
    },
    {
      name: 'only a body beyond ASCII',
      entry: message({ content: 'Subject: e\r\n\r\né\r\n', envelope: utf8 }),
      needs: false,
    },
    {
      name: 'only a body beyond ASCII in the spool',
      entry: message({ content: 'Subject: e\r\n\r\né\r\n', envelope: utf8, spooled: true }),
      needs: false,
    },
    { name: 'nothing beyond ASCII', entry: message({ envelope: utf8 }), needs: false },
  ]
  for (const { name, entry, needs } of utf8Cases) {
    test(`SMTPUTF8: ${name} ${needs ? 'fails with 5.6.7' : 'goes'} where it is not offered`, async () => {
      const server = await oddServer(odd({ EHLO: ehloReply('PIPELINING', '8BITMIME') }))
      expect(brief(await client({ ports: [server.port] }).send(entry))).toEqual([
        needs ? '553 5.6.7 route' : '250 2.0.0 body',
      ])
    })
  }

  test('SMTPUTF8 is declared for what needs it, the address in UTF-8, and for nothing else', async () => {
    const server = await oddServer()
    const { send } = client({ ports: [server.port], relay: { connections: 1 } })
    await send(message({ to: ['jös@dst.test'], envelope: utf8 }), message({ envelope: utf8 }))
    const { heard } = server.sessions[0]!
    expect(heard[1]).toBe('MAIL FROM:<a@src.test> SIZE=21 SMTPUTF8')
    expect(Buffer.from(heard[2]!, 'latin1').toString()).toBe('RCPT TO:<jös@dst.test>')
    expect(heard.at(-4)).toBe('MAIL FROM:<a@src.test> SIZE=21')
  })

  test('no address can bring a command of its own', async () => {
    const server = await oddServer()
    const { send } = client({ ports: [server.port] })
    expect(brief(await send(message({ from: 'a@src.test>\r\nRSET' })))).toEqual(['553 5.1.7 route'])
    expect(brief(await send(message({ to: ['x\r\nQUIT@dst.test', bob] })))).toEqual([
      '553 5.1.3 route',
      '250 2.0.0 body',
    ])
    expect(server.sessions[0]!.heard.filter((line) => /RSET|QUIT/.test(line))).toEqual([])
  })
})

describe('refusals and lost connections', () => {
  const deaths: { name: string; behaviour: Parameters<typeof odd>[0]; want: string; why?: RegExp }[] = [
    {
      name: 'MAIL refused for good',
      behaviour: { MAIL: '550 5.7.1 not you\r\n', RCPT: '503 5.5.1 no\r\n', DATA: '503 5.5.1 no\r\n' },
      want: '550 5.7.1 mail',
    },
    { name: 'DATA refused', behaviour: { DATA: '451 4.3.2 busy\r\n' }, want: '451 4.3.2 data' },
    { name: 'content refused', behaviour: { CONTENT: '554 5.7.1 spam\r\n' }, want: '554 5.7.1 body' },
    {
      name: '556 for the domain',
      behaviour: { RCPT: '556 5.1.10 no mail\r\n', DATA: '503 no\r\n' },
      want: '556 5.1.10 rcpt',
    },
    {
      name: 'a reply of many lines',
      behaviour: { CONTENT: '554-5.7.1 one\r\n554-5.7.1 two\r\n554 5.7.1 three\r\n' },
      want: '554 5.7.1 body',
    },
    { name: '421 to MAIL', behaviour: { MAIL: { close: 'after', text: '421 4.3.2 bye\r\n' } }, want: '421 4.3.2 mail' },
    {
      name: '421 after the content',
      behaviour: { CONTENT: { close: 'after', text: '421 4.3.2 bye\r\n' } },
      want: '421 4.3.2 body',
    },
    { name: 'closed at MAIL', behaviour: { MAIL: { close: 'before' } }, want: '- 4.4.2 mail' },
    { name: 'closed at DATA', behaviour: { DATA: { close: 'before' } }, want: '- 4.4.2 data' },
    {
      name: 'closed after the final dot',
      behaviour: { CONTENT: { close: 'before' } },
      want: '- 4.4.2 body',
      why: /after the final dot; it may arrive twice/,
    },
    {
      name: 'no SMTP at all',
      behaviour: { MAIL: 'HTTP/1.1 400 Bad Request\r\n' },
      want: '- 4.5.0 mail',
      why: /not a reply/,
    },
    { name: 'two codes in a reply', behaviour: { MAIL: '250-a\r\n550 b\r\n' }, want: '- 4.5.0 mail', why: /two codes/ },
    { name: '354 to RCPT', behaviour: { RCPT: '354 go\r\n' }, want: '- 4.5.0 rcpt', why: /unexpected reply/ },
    { name: '250 to DATA', behaviour: { DATA: '250 ok\r\n' }, want: '- 4.5.0 data', why: /unexpected reply/ },
    {
      name: 'an endless line',
      behaviour: { MAIL: `250 ${'x'.repeat(100_000)}` },
      want: '- 4.5.0 mail',
      why: /too long/,
    },
    {
      name: 'a reply of endless lines',
      behaviour: { MAIL: '250-x\r\n'.repeat(5000) },
      want: '- 4.5.0 mail',
      why: /too many lines/,
    },
  ]
  for (const { name, behaviour, want, why } of deaths) {
    test(`${name}: ${want}`, async () => {
      const server = await oddServer(odd(behaviour))
      const attempts = await client({ ports: [server.port] }).send(message())
      expect(brief(attempts)).toEqual([want])
      if (why) expect(attempts[0]!.why).toMatch(why)
      if (name.startsWith('a reply of many')) expect(attempts[0]!.reply?.text).toBe('one\ntwo\nthree')
    })
  }

  test('replies octet by octet are replies', async () => {
    const server = await oddServer((verb, line, session) => {
      const answer = behave(verb, line, session)
      return typeof answer === 'string' ? { slowly: answer } : answer
    })
    expect(brief(await client({ ports: [server.port] }).send(message({ to: three })))).toEqual([
      '250 2.0.0 body',
      '250 2.0.0 body',
      '250 2.0.0 body',
    ])
  })

  test('more replies than commands end the connection, and what was settled stays settled', async () => {
    const server = await oddServer(odd({ CONTENT: '250 2.0.0 one\r\n250 2.0.0 two\r\n250 2.0.0 three\r\n' }))
    const { send, lane } = client({ ports: [server.port] })
    expect(brief(await send(message()))).toEqual(['250 2.0.0 body'])
    await expect.poll(() => server.open(), patient).toBe(0)
    expect(lane.settled).toHaveLength(1)
  })

  test('a kept connection that the host has closed costs no attempt', async () => {
    let mails = 0
    const server = await oddServer(odd({ MAIL: () => (++mails === 2 ? { close: 'before' } : undefined) }))
    const { send, lane } = client({ ports: [server.port], relay: { connections: 1 } })
    lane.reoffer = true
    await send(message({ id: 'Q1' }))
    await send(message({ id: 'Q2' }))
    await lane.until(() => lane.settled.length === 2)
    expect(lane.putBacks.map((entry) => entry.id)).toEqual(['Q2'])
    expect(brief(lane.settled.flatMap((one) => one.attempts))).toEqual(['250 2.0.0 body', '250 2.0.0 body'])
    expect(server.sessions).toHaveLength(2)
  })

  // D1.14
  test('421 to the first of two on the wire: it waits, the second was not offered', async () => {
    const server = await oddServer(odd({ CONTENT: { close: 'after', text: '421 4.3.2 bye\r\n' } }))
    const { send, lane } = client({ ports: [server.port], relay: { connections: 1 } })
    await send(message({ id: 'Q1' }), message({ id: 'Q2' }))
    expect(brief(lane.settled.flatMap((one) => one.attempts))).toEqual(['421 4.3.2 body'])
    expect(lane.putBacks.map((entry) => entry.id)).toEqual(['Q2'])
  })

  test('a host that still holds a failed transaction (503 to the next MAIL) is reset, and the message goes', async () => {
    let held = false
    const server = await oddServer(
      odd({
        EHLO: ehloReply('PIPELINING', 'CHUNKING'),
        CONTENT: (line) => {
          held = line.includes('bad')
          return held ? '554 5.6.0 bad\r\n' : undefined
        },
        MAIL: () => (held ? '503 5.5.1 nested MAIL\r\n' : undefined),
        RSET: () => {
          held = false
          return undefined
        },
      }),
    )
    const { send } = client({ ports: [server.port], relay: { connections: 1 } })
    const attempts = await send(message({ content: 'bad\r\n' }), message({ content: 'good\r\n' }))
    expect(brief(attempts)).toEqual(['554 5.6.0 body', '250 2.0.0 body'])
    expect(server.accepted).toEqual(['good\r\n'])
  })

  test('content that cannot be read to its end is never ended: no dot, no last octet', async () => {
    for (const keywords of [['PIPELINING'], ['PIPELINING', 'CHUNKING']]) {
      const server = await oddServer(odd({ EHLO: ehloReply(...keywords) }))
      const entry = message({ content: 'x\r\n'.repeat(1000), spooled: true })
      const body = {
        ...entry.body,
        async *read() {
          yield Buffer.from('x\r\n'.repeat(500))
          throw new Error('checksum is wrong')
        },
      }
      const attempts = await client({ ports: [server.port] }).send({ ...entry, body })
      expect(brief(attempts)).toEqual(['- 4.3.0 local'])
      await expect.poll(() => server.open(), patient).toBe(0)
      expect(server.accepted).toEqual([])
    }
  })

  test('a refusal in the middle of the content holds, and the connection ends', async () => {
    const content = `${'x'.repeat(998)}\r\n`.repeat(3000)
    const server = await oddServer(odd({ DATA: '354 go\r\n552 5.3.4 too much\r\n' }))
    const attempts = await client({ ports: [server.port] }).send(message({ content, spooled: true }))
    expect(brief(attempts)).toEqual(['552 5.3.4 body'])
    expect(server.accepted).toEqual([])
  })

  test('an acceptance that came before the content was sent is no acceptance', async () => {
    const early = await oddServer(odd({ DATA: '354 go\r\n250 2.0.0 thanks\r\n' }))
    expect(brief(await client({ ports: [early.port] }).send(message()))).toEqual(['- 4.5.0 body'])
    const bdat = await oddServer(
      odd({ EHLO: ehloReply('PIPELINING', 'CHUNKING'), RCPT: '250 ok\r\n250 2.0.0 thanks\r\n' }),
    )
    expect(brief(await client({ ports: [bdat.port] }).send(message()))).toEqual(['- 4.5.0 body'])
  })

  test('an acceptance in the middle of the content is no acceptance', async () => {
    const content = `${'x'.repeat(998)}\r\n`.repeat(3000)
    const server = await oddServer(odd({ DATA: '354 go\r\n250 2.0.0 thanks\r\n' }))
    const attempts = await client({ ports: [server.port] }).send(message({ content, spooled: true }))
    expect(brief(attempts)).toEqual(['- 4.5.0 body'])
  })
})
