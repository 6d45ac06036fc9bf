import { describe, expect, test } from 'vitest'
import type { Log } from '../../src/mail/log.ts'
import { silentLog } from '../../src/mail/log.ts'
import { freePort } from '../support/peer.ts'
import * as fake from './fake-server.ts'
import { fakeServer } from './fake-server.ts'
import { d, movableClock, resolverOf } from './lab.ts'

const address = '192.0.2.1'
const good = (asked: fake.Asked) =>
  fake.reply(
    asked,
    asked.type === 'A' ? { answers: [fake.a(asked.name, address)] } : { authorities: [fake.soa('test')] },
  )

describe('a resolver and one server', () => {
  test('MX, addresses and TXT are what the server says', async () => {
    const server = await fakeServer((asked) => {
      switch (asked.type) {
        case 'MX':
          return fake.reply(asked, {
            answers: [fake.mx(asked.name, 10, 'MX1.Example.test'), fake.mx(asked.name, 20, '')],
          })
        case 'TXT':
          return fake.reply(asked, { answers: [fake.txt(asked.name, 'a', 'b'), fake.txt(asked.name, '')] })
        case 'A':
          return fake.reply(asked, { answers: [fake.a(asked.name, address), fake.a(asked.name, '192.0.2.2')] })
        default:
          return fake.reply(asked, { answers: [fake.aaaa(asked.name, '2001:db8::1', 100)] })
      }
    })
    const resolver = resolverOf(server.settings)
    expect(await resolver.mx(d('example.test'))).toEqual({
      kind: 'found',
      value: [
        { preference: 10, exchange: 'mx1.example.test' },
        { preference: 20, exchange: '' },
      ],
      ttlMs: 300_000,
    })
    expect(await resolver.txt('example.test')).toMatchObject({ value: ['ab', ''] })
    expect(await resolver.a('example.test')).toMatchObject({ value: [address, '192.0.2.2'] })
    expect(await resolver.addresses('www.example.test')).toEqual({
      kind: 'found',
      value: ['2001:db8::1', address, '192.0.2.2'],
      ttlMs: 100_000,
    })
  })

  test('each question has another id, and the ports change', async () => {
    const server = await fakeServer(good)
    const resolver = resolverOf(server.settings)
    for (let i = 0; i < 1000; i += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, n) => resolver.a(`n${i + n}.test`)))
    }
    expect(new Set(server.asked.map(({ query }) => query.header.id)).size).toBeGreaterThan(900)
    expect(new Set(server.asked.map(({ from }) => from)).size).toBeGreaterThanOrEqual(5)
  })

  test('a burst of 2,000 questions has at most 200 in flight and loses none', async () => {
    const server = await fakeServer(good)
    const resolver = resolverOf({ ...server.settings, timeoutMs: 5000 })
    const all = Promise.all(Array.from({ length: 2000 }, (_, n) => resolver.a(`n${n}.test`)))
    await Promise.resolve()
    expect(resolver.stats()).toMatchObject({ inFlight: 200, waiting: 1800 })
    expect((await all).every((answer) => answer.kind === 'found')).toBe(true)
    expect(resolver.stats()).toMatchObject({ inFlight: 0, waiting: 0, questions: 2000 })
  })

  test('more questions than may wait fail at once instead of filling the memory', async () => {
    const server = await fakeServer(() => null)
    const resolver = resolverOf(server.settings)
    const answers = await Promise.race(
      Array.from({ length: 5201 }, (_, n) => resolver.a(`n${n}.test`)).map((answer, n) => answer.then((a) => [n, a])),
    )
    expect(answers).toEqual([5200, { kind: 'failed', why: expect.stringContaining('too many questions') }])
  })

  test('who has names that no server answers for holds nobody else up: a question waits for room, and not for theirs', async () => {
    const server = await fakeServer((asked) => (asked.name.startsWith('silent') ? null : good(asked)))
    const resolver = resolverOf({ ...server.settings, timeoutMs: 15_000 })
    const begun = performance.now()
    for (let n = 0; n < 500; n++) void resolver.a(`silent${n}.test`)
    expect(await resolver.a('x.test')).toMatchObject({ value: [address] })
    // 200 at a time, for a second each; their own time is 15 s.
    expect(performance.now() - begun).toBeLessThan(8000)
    expect(resolver.stats()).toMatchObject({ inFlight: 500, waiting: 0 })
  })

  test('an IPv6 address of a server is asked', async () => {
    const server = await fakeServer(good, '::1')
    const resolver = resolverOf({ ...server.settings, servers: [{ host: '[::1]', port: server.port }] })
    expect(await resolver.a('x.test')).toMatchObject({ value: [address] })
    expect(await resolverOf(server.settings).a('x.test')).toMatchObject({ value: [address] })
  })

  test('a closed port is known at once and not after the time-out', async () => {
    const port = await freePort()
    const resolver = resolverOf({ servers: [{ host: '127.0.0.1', port }], timeoutMs: 10_000, attempts: 2 })
    const before = Date.now()
    expect(await resolver.a('x.test')).toEqual({ kind: 'failed', why: expect.stringContaining('ECONNREFUSED') })
    expect(Date.now() - before).toBeLessThan(5000)
  })

  test('silence fails after each try had its time-out', async () => {
    const server = await fakeServer(() => null)
    const resolver = resolverOf({ ...server.settings, timeoutMs: 60, attempts: 3 })
    const before = Date.now()
    expect(await resolver.a('x.test')).toEqual({ kind: 'failed', why: expect.stringContaining('no answer in time') })
    expect(server.asked).toHaveLength(3)
    expect(Date.now() - before).toBeGreaterThanOrEqual(170)
  })

  test('a lost first packet costs one try', async () => {
    const server = await fakeServer((asked) => (asked.nth === 0 ? null : good(asked)))
    const resolver = resolverOf({ ...server.settings, timeoutMs: 100, attempts: 2 })
    expect(await resolver.a('x.test')).toMatchObject({ value: [address] })
  })
})

describe('forged and foreign answers', () => {
  const forged = [
    ['another id', (asked: fake.Asked) => fake.reply(asked, { header: { id: asked.query.header.id ^ 1 } })],
    ['a query in place of a response', (asked: fake.Asked) => fake.reply(asked, { header: { qr: 0 } })],
    ['another opcode', (asked: fake.Asked) => fake.reply(asked, { header: { opcode: 4 } })],
    ['another name', (asked: fake.Asked) => withQuestion(asked, { name: 'y.test' })],
    ['a longer name', (asked: fake.Asked) => withQuestion(asked, { name: 'x.test.test' })],
    ['another type', (asked: fake.Asked) => withQuestion(asked, { type: 28 })],
    ['another class', (asked: fake.Asked) => withQuestion(asked, { class: 3 })],
    ['no question and no error', (asked: fake.Asked) => withoutQuestion(asked, 0)],
    ['two questions', (asked: fake.Asked) => withQuestion(asked, {}, { name: 'y.test' })],
    ['less than a header', () => Buffer.from([0, 0, 128])],
    ['nothing', () => Buffer.alloc(0)],
  ] as const
  for (const [what, forge] of forged) {
    test(`${what} is no answer, and the right one is waited for`, async () => {
      const server = await fakeServer((asked) => [forge(asked), good(asked)])
      const resolver = resolverOf({ ...server.settings, timeoutMs: 5000 })
      expect(await resolver.a('x.test')).toMatchObject({ value: [address] })
      expect(resolver.stats().servers[0]).toMatchObject({ stray: 1 })
    })
  }

  test('a port at which somebody guesses is given up', async () => {
    const server = await fakeServer((asked) => [
      ...Array.from({ length: 20 }, (_, i) => fake.reply(asked, { header: { id: asked.query.header.id ^ (i + 1) } })),
      good(asked),
    ])
    const resolver = resolverOf(server.settings)
    for (let i = 0; i < 12; i++) expect(await resolver.a(`n${i}.test`)).toMatchObject({ value: [address] })
    expect(new Set(server.asked.map(({ from }) => from)).size).toBe(12)
  })

  test('an answer from another port is not heard', async () => {
    const server: fake.FakeServer = await fakeServer((asked) => {
      void server.sayFromElsewhere(asked, fake.reply(asked, { answers: [fake.a(asked.name, '192.0.2.66')] }))
      return asked.nth === 0 ? null : good(asked)
    })
    const resolver = resolverOf({ ...server.settings, timeoutMs: 300, attempts: 2 })
    expect(await resolver.a('x.test')).toMatchObject({ value: [address] })
  })

  test('the case of letters does not matter', async () => {
    const server = await fakeServer((asked) => {
      const upper = withQuestion(asked, { name: asked.name.toUpperCase() })
      upper.answers = [new fake.Resource({ ...fake.a('X.TeSt', address), class: 1 })]
      return upper
    })
    expect(await resolverOf(server.settings).a('x.test')).toMatchObject({ value: [address] })
  })

  test('an error without the question is an error at once', async () => {
    const server = await fakeServer((asked) => withoutQuestion(asked, 2))
    const resolver = resolverOf({ ...server.settings, timeoutMs: 10_000 })
    expect(await resolver.a('x.test')).toEqual({ kind: 'failed', why: expect.stringContaining('SERVFAIL') })
  })
})

describe('several servers', () => {
  const bad = [
    ['SERVFAIL', fake.servfail],
    ['REFUSED', fake.refused],
    ['FORMERR', (asked: fake.Asked) => fake.reply(asked, { header: { rcode: 1 } })],
    ['NOTIMP', (asked: fake.Asked) => fake.reply(asked, { header: { rcode: 4 } })],
    ['an rcode nobody knows', (asked: fake.Asked) => fake.reply(asked, { header: { rcode: 11 } })],
    ['silence', () => null],
    [
      'octets at random',
      (asked: fake.Asked) => Buffer.concat([good(asked).toBuffer().subarray(0, 30), Buffer.alloc(9, 0xc5)]),
    ],
    [
      'a referral',
      (asked: fake.Asked) => fake.reply(asked, { authorities: [fake.ns('test', 'ns.test')], header: { ra: 0 } }),
    ],
  ] as const
  for (const [what, say] of bad) {
    test(`${what} from the first server asks the second`, async () => {
      const [first, second] = [await fakeServer(say), await fakeServer(good)]
      const servers = [...first.settings.servers, ...second.settings.servers]
      expect(
        await resolverOf({ servers, timeoutMs: what === 'silence' ? 300 : 15_000, attempts: 1 }).a('x.test'),
      ).toMatchObject({ value: [address] })
      expect(first.asked.length).toBeGreaterThan(0)
    })
  }

  test('a slow good answer of the first is not beaten by a fast error of the second', async () => {
    const second = await fakeServer(fake.servfail)
    const first: fake.FakeServer = await fakeServer((asked) => {
      setTimeout(() => first.sayHere(asked, good(asked)), 60)
      return null
    })
    const servers = [...first.settings.servers, ...second.settings.servers]
    expect(await resolverOf({ servers, timeoutMs: 5000, attempts: 1 }).a('x.test')).toMatchObject({ value: [address] })
    expect(second.asked).toHaveLength(0)
  })

  test('a server that was not heard is asked last for a while, then tried again by one question', async () => {
    let dead = true
    const first = await fakeServer((asked) => (dead ? null : good(asked)))
    const second = await fakeServer(good)
    const clock = movableClock()
    const servers = [...first.settings.servers, ...second.settings.servers]
    const resolver = resolverOf({ servers, timeoutMs: 100, attempts: 1 }, { clock })
    await resolver.a('a.test')
    expect(resolver.stats().servers[0]).toMatchObject({ unheard: 1, shunnedUntil: expect.any(Number) })
    await resolver.a('b.test')
    expect(first.asked).toHaveLength(1)
    clock.move(31_000)
    await Promise.all(['c.test', 'd.test', 'e.test'].map((name) => resolver.a(name)))
    expect(first.asked).toHaveLength(2)
    dead = false
    clock.move(31_000)
    await resolver.a('f.test')
    await resolver.a('g.test')
    expect(first.asked.map(({ name }) => name)).toContain('g.test')
  })
})

describe('EDNS and TCP', () => {
  test('questions offer 1232 octets, and go without EDNS to a server that answers FORMERR', async () => {
    const server = await fakeServer((asked) => (asked.edns ? fake.reply(asked, { header: { rcode: 1 } }) : good(asked)))
    const resolver = resolverOf(server.settings)
    expect(await resolver.a('x.test')).toMatchObject({ value: [address] })
    expect(server.asked[0]!.query.additionals[0]).toMatchObject({ type: 41, class: 1232 })
    expect(await resolver.a('y.test')).toMatchObject({ value: [address] })
    expect(server.asked.map(({ edns }) => edns)).toEqual([true, false, false])
    expect(resolver.stats().servers[0]).toMatchObject({ edns: false })
  })

  test('a truncated answer is asked for by TCP, and what was in it counts for nothing', async () => {
    const server = await fakeServer((asked) =>
      asked.by === 'udp'
        ? fake.reply(asked, { answers: [fake.a(asked.name, '192.0.2.66')], header: { tc: 1 } })
        : good(asked),
    )
    expect(await resolverOf(server.settings).a('x.test')).toMatchObject({ value: [address] })
    expect(server.asked.map(({ by }) => by)).toEqual(['udp', 'tcp'])
  })

  const failures = [
    ['silence by TCP', () => null, 'no answer by TCP in time'],
    [
      'another id by TCP',
      (asked: fake.Asked) => fake.reply(asked, { header: { id: asked.query.header.id ^ 1 } }),
      'another question by TCP',
    ],
    [
      'another question by TCP',
      (asked: fake.Asked) => withQuestion(asked, { name: 'y.test' }),
      'another question by TCP',
    ],
    [
      'a truncated answer by TCP',
      (asked: fake.Asked) => fake.reply(asked, { header: { tc: 1 } }),
      'truncated answer by TCP',
    ],
    ['an empty message by TCP', () => Buffer.alloc(0), 'another question by TCP'],
  ] as const
  for (const [what, say, why] of failures) {
    test(`${what} fails, and in time`, async () => {
      const server = await fakeServer((asked) =>
        asked.by === 'udp' ? fake.reply(asked, { header: { tc: 1 } }) : say(asked),
      )
      const before = Date.now()
      expect(
        await resolverOf({ ...server.settings, timeoutMs: what.startsWith('silence') ? 300 : 15_000 }).a('x.test'),
      ).toEqual({
        kind: 'failed',
        why: expect.stringContaining(why),
      })
      expect(Date.now() - before).toBeLessThan(5000)
    })
  }

  test('an answer of 64 KiB by TCP is read', async () => {
    const server = await fakeServer((asked) =>
      asked.by === 'udp'
        ? fake.reply(asked, { header: { tc: 1 } })
        : fake.reply(asked, {
            answers: Array.from({ length: 2000 }, (_, i) => fake.mx(asked.name, i, `host${i}.x.test`)),
          }),
    )
    const answer = await resolverOf({ ...server.settings, timeoutMs: 10_000 }).mx(d('x.test'))
    expect(answer.kind === 'found' && answer.value.length).toBe(2000)
  })
})

describe('addresses of both families', () => {
  const lab = async (six: (asked: fake.Asked) => fake.Said, four = good) =>
    resolverOf((await fakeServer((asked) => (asked.type === 'AAAA' ? six(asked) : four(asked)))).settings)

  test('when one family is known, the other is not waited for until all time-outs have passed', async () => {
    const resolver = await lab(() => null)
    const before = Date.now()
    expect(await resolver.addresses('x.test')).toMatchObject({ value: [address] })
    expect(Date.now() - before).toBeLessThan(10_000)
  })

  test('one family is none and the other failed: nobody knows', async () => {
    expect(await (await lab(fake.servfail, fake.nodata)).addresses('x.test')).toMatchObject({ kind: 'failed' })
    expect(await (await lab(fake.nodata, fake.servfail)).addresses('x.test')).toMatchObject({ kind: 'failed' })
  })

  test('both are none: none', async () => {
    expect(await (await lab(fake.nodata, fake.nodata)).addresses('x.test')).toEqual({ kind: 'none', nxdomain: false })
  })

  test('one says that there is no such name: there is none, whatever the other is', async () => {
    expect(await (await lab(fake.servfail, fake.nxdomain)).addresses('x.test')).toEqual({
      kind: 'none',
      nxdomain: true,
    })
  })
})

describe('life of a resolver', () => {
  test('closing ends what waits, and later questions', async () => {
    const server = await fakeServer(() => null)
    const resolver = resolverOf({ ...server.settings, timeoutMs: 60_000 })
    const waiting = resolver.addresses('x.test')
    resolver.close()
    expect(await waiting).toMatchObject({ kind: 'failed' })
    expect(await resolver.a('y.test')).toEqual({ kind: 'failed', why: 'the resolver is closed' })
  })

  test('other servers are asked after apply, the cache is emptied, and what was under way ends as it began', async () => {
    const old = await fakeServer((asked) => (asked.name === 'slow.test' && asked.nth === 0 ? null : good(asked)))
    const next = await fakeServer((asked) => fake.reply(asked, { answers: [fake.a(asked.name, '192.0.2.9')] }))
    const resolver = resolverOf({ ...old.settings, timeoutMs: 200, attempts: 2 })
    expect(await resolver.a('x.test')).toMatchObject({ value: [address] })
    const slow = resolver.a('slow.test')
    resolver.apply(next.settings)
    expect(await resolver.a('x.test')).toMatchObject({ value: ['192.0.2.9'] })
    expect(await slow).toMatchObject({ value: [address] })
    // The answer of the old server is not kept.
    expect(await resolver.a('slow.test')).toMatchObject({ value: ['192.0.2.9'] })
    resolver.apply({ ...next.settings, attempts: 3 })
    expect(resolver.stats().entries).toBe(2)
  })

  test('TLSA records are secure when a validating server on this machine says so', async () => {
    const server = await fakeServer((asked) => {
      const data = Buffer.from('030101abcd', 'hex')
      const records = [{ name: asked.name, type: 52, data }]
      return fake.reply(asked, { answers: records, header: { ad: asked.name.startsWith('_25') ? 1 : 0 } })
    })
    const resolver = resolverOf(server.settings)
    const records = [{ usage: 3, selector: 1, matching: 1, data: Buffer.from('abcd', 'hex') }]
    expect(await resolver.tlsa('mx.test', 25)).toMatchObject({ value: { records, secure: true } })
    expect(await resolver.tlsa('mx.test', 26)).toMatchObject({ value: { records, secure: false } })
    expect(server.asked[0]!.query.header).toMatchObject({ rd: 1, ad: 1 })
  })

  test('an answer says that it is secure, an absence too, and addresses when those of both families are', async () => {
    const ad = { ad: 1 }
    const server = await fakeServer((asked) => {
      const { name, type } = asked
      if (name === 'none.test')
        return fake.reply(asked, { authorities: [fake.soa('test')], header: { rcode: 3, ad: 1 } })
      if (type === 'MX') return fake.reply(asked, { answers: [fake.mx(name, 10, 'mx.test')], header: ad })
      if (type === 'A') return fake.reply(asked, { answers: [fake.a(name, address)], header: ad })
      const header = name === 'half.test' ? {} : ad
      return fake.reply(asked, { answers: [fake.aaaa(name, '2001:db8::1')], header })
    })
    const resolver = resolverOf(server.settings)
    expect(await resolver.mx(d('x.test'))).toMatchObject({ kind: 'found', secure: true })
    expect(await resolver.mx(d('none.test'))).toEqual({ kind: 'none', nxdomain: true, secure: true })
    expect(await resolver.addresses('mx.test')).toMatchObject({ kind: 'found', secure: true })
    expect(await resolver.addresses('half.test')).not.toHaveProperty('secure')
  })

  test('a chain of aliases is as secure as its least secure link, and its end is named', async () => {
    const server = await fakeServer((asked) => {
      const { name } = asked
      const header = { ad: name === 'sure.test' || name === 'end.test' ? 1 : 0 }
      if (name === 'end.test') return fake.reply(asked, { answers: [fake.a(name, address)], header })
      return fake.reply(asked, { answers: [fake.cname(name, 'end.test')], header })
    })
    const resolver = resolverOf(server.settings)
    expect(await resolver.a('sure.test')).toMatchObject({ value: [address], secure: true, canonical: 'end.test' })
    const unsure = await resolver.a('unsure.test')
    expect(unsure).toMatchObject({ value: [address], canonical: 'end.test' })
    expect(unsure).not.toHaveProperty('secure')
    expect(await resolver.a('end.test')).not.toHaveProperty('canonical')
  })

  test('MX and addresses serve beyond their time while no server answers, and nothing else does (RFC 8767)', async () => {
    const clock = movableClock()
    let isDown = false
    const server = await fakeServer((asked) => {
      const { name, type } = asked
      if (isDown) return fake.servfail(asked)
      if (type === 'MX') return fake.reply(asked, { answers: [fake.mx(name, 10, 'mx.test', 60)], header: { ad: 1 } })
      if (type === 'A') return fake.reply(asked, { answers: [fake.a(name, address, 60)] })
      return type === 'TXT' ? fake.reply(asked, { answers: [fake.txt(name, 'text')] }) : fake.nodata(asked)
    })
    const resolver = resolverOf({ ...server.settings, serveStaleMs: 3_600_000 }, { clock })
    await Promise.all([resolver.mx(d('x.test')), resolver.addresses('x.test'), resolver.txt('x.test')])
    isDown = true
    clock.move(400_000)
    const asked = server.asked.length
    // What was validated stays validated: a failing DNS must not make of DANE nothing.
    expect(await resolver.mx(d('x.test'))).toMatchObject({ stale: true, secure: true, ttlMs: 30_000 })
    expect(await resolver.addresses('x.test')).toMatchObject({ value: [address], stale: true })
    expect(await resolver.txt('x.test')).toMatchObject({ kind: 'failed' })
    expect(await resolver.a('x.test')).toMatchObject({ kind: 'failed' })
    expect(resolver.view('x.test').find(({ type }) => type === 'MX')).toMatchObject({ state: 'stale', secure: true })
    const afterwards = server.asked.length
    expect(afterwards).toBeGreaterThan(asked)
    expect(await resolver.mx(d('x.test'))).toMatchObject({ stale: true })
    expect(server.asked.length).toBe(afterwards)
    clock.move(3_600_000)
    expect(await resolver.mx(d('x.test'))).toMatchObject({ kind: 'failed' })
    expect(resolver.stats().stale).toBe(3)
  })

  test('while no server is heard nobody waits for what is known from before, and it is asked again beside that', async () => {
    const clock = movableClock()
    let isDown = false
    const server = await fakeServer((asked) =>
      isDown ? null : fake.reply(asked, { answers: [fake.mx(asked.name, 10, `mx${asked.nth}.test`, 60)] }),
    )
    const resolver = resolverOf({ ...server.settings, timeoutMs: 2000 }, { clock })
    await Promise.all([resolver.mx(d('x.test')), resolver.mx(d('y.test')), resolver.mx(d('z.test'))])
    isDown = true
    clock.move(61_000)
    // The first finds out that nobody is there, and waits for it.
    expect(await resolver.mx(d('x.test'))).toMatchObject({ stale: true })
    const before = performance.now()
    expect(await resolver.mx(d('y.test'))).toMatchObject({ stale: true, value: [{ exchange: 'mx0.test' }] })
    expect(await resolver.mx(d('z.test'))).toMatchObject({ stale: true })
    expect(performance.now() - before).toBeLessThan(1500)
    await expect.poll(() => resolver.stats().inFlight, { timeout: 10_000 }).toBe(0)
    isDown = false
    clock.move(31_000)
    await expect
      .poll(() => resolver.mx(d('y.test')), { timeout: 10_000 })
      .toMatchObject({ value: [{ exchange: 'mx2.test' }] })
    expect(await resolver.mx(d('y.test'))).not.toHaveProperty('stale')
  })

  test('a time of 0 serves nothing beyond its time', async () => {
    const clock = movableClock()
    let isDown = false
    const server = await fakeServer((asked) =>
      isDown ? fake.servfail(asked) : fake.reply(asked, { answers: [fake.mx(asked.name, 10, 'mx.test', 60)] }),
    )
    const resolver = resolverOf({ ...server.settings, serveStaleMs: 0 }, { clock })
    await resolver.mx(d('x.test'))
    isDown = true
    clock.move(61_000)
    expect(await resolver.mx(d('x.test'))).toMatchObject({ kind: 'failed' })
  })

  test('AD is believed of nobody when the settings say so, and what was believed before is forgotten', async () => {
    const server = await fakeServer((asked) =>
      fake.reply(asked, { answers: [fake.mx(asked.name, 10, 'mx.test')], header: { ad: 1 } }),
    )
    const resolver = resolverOf(server.settings)
    expect(await resolver.mx(d('x.test'))).toMatchObject({ secure: true })
    resolver.apply({ ...server.settings, trustAd: false })
    expect(await resolver.mx(d('x.test'))).not.toHaveProperty('secure')
    resolver.apply({ ...server.settings, trustAd: true })
    expect(await resolver.mx(d('x.test'))).toMatchObject({ secure: true })
  })

  test('a failure is logged with the name, the type and the reason', async () => {
    const lines: unknown[] = []
    const log: Log = { ...silentLog, warn: (...line) => void lines.push(line) }
    const server = await fakeServer(fake.servfail)
    await resolverOf(server.settings, { log }).a('x.test')
    expect(lines).toEqual([
      ['dns.failed', { name: 'x.test', type: 'A', why: `x.test A: 127.0.0.1:${server.port}: SERVFAIL` }],
    ])
  })
})

function withQuestion(asked: fake.Asked, ...changes: Partial<fake.Packet['questions'][number]>[]): fake.Packet {
  const packet = good(asked)
  packet.questions = changes.map((change) => new fake.Question({ ...asked.query.questions[0]!, ...change }))
  return packet
}

function withoutQuestion(asked: fake.Asked, rcode: number): fake.Packet {
  const packet = fake.reply(asked, { header: { rcode } })
  packet.questions = []
  return packet
}
