import { describe, expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import type { CheckEntry, ClientEntry, DenyRule, Document, RateEntry } from '../../src/config/document.ts'
import type { NoteAt } from '../../src/graph/evaluator.ts'
import type { Outcome, Stage } from '../../src/graph/graph.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import { oracleName } from '../../src/graph/oracle.ts'
import { aDocument, client, deny, facts, list, type Said } from './a-document.ts'

/** What a stage says: `refuse 550 5.7.1 at`, `next at`; with what was asked on the way, and what was noted. */
function asker(part: Partial<Document>) {
  const { graph, diagnostics } = compile(aDocument(part))
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  const evaluator = interpreter(graph)
  return (stage: Stage, said: Said = {}, outcomes: Record<string, Outcome> = {}) => {
    const known = facts(said)
    const asked: string[] = []
    const notes: NoteAt[] = []
    let number = evaluator.start(stage, known)
    for (;;) {
      notes.push(...evaluator.notes())
      if (number >= 0) break
      const name = oracleName(evaluator.oracle(~number))
      asked.push(name)
      number = evaluator.resume(~number, outcomes[name] ?? 'clear', known)
    }
    const leaf = evaluator.leaf(number)
    const { at } = evaluator.winner()
    const text = leaf.kind === 'refuse' ? `refuse ${leaf.code} ${leaf.status} ${at}` : leaf.kind
    return { text, asked, notes: notes.map(({ note, code, text, at }) => `${note} ${code} ${text} ${at}`) }
  }
}

const logins = (name: string, patterns: readonly string[], part: Partial<ClientEntry> = {}): ClientEntry =>
  client(name, [], { ...part, logins: patterns.map((login) => ({ login, at: `clients.${name}.logins.${login}` })) })

const rate = (of: RateEntry['of'], most: number, by: RateEntry['by'] = 'each'): RateEntry => ({
  at: `clients.rated.rates.${of}`,
  of,
  most,
  perMs: 60_000,
  by,
})

const finger = `sha256:${'a'.repeat(64)}`

describe('which client somebody is', () => {
  const clients = [
    client('lan', ['10.0.0.0/8'], { senders: ['lan.example'] }),
    logins('staff', ['*@example.com'], { senders: ['staff.example'] }),
    logins('ann', ['ann@example.com'], { senders: ['ann.example'] }),
    client('scanner', [], {
      certificates: [{ certificate: finger, at: 'clients.scanner.certificates' }],
      senders: ['scan.example'],
    }),
  ]
  const ask = asker({ clients })
  const mail = (sender: string, said: Said) => ask('mail', { client: '10.1.2.3', sender, ...said }).text

  test('a login goes before a certificate, a certificate before a network', () => {
    expect(mail('a@lan.example', {})).toBe('next')
    expect(mail('a@lan.example', { certificate: finger })).toBe('refuse 550 5.7.1 clients.scanner.senders')
    expect(mail('a@scan.example', { certificate: finger })).toBe('next')
    expect(mail('a@scan.example', { certificate: finger, login: 'bob@example.com' })).toBe(
      'refuse 550 5.7.1 clients.staff.senders',
    )
    expect(mail('a@staff.example', { certificate: finger, login: 'bob@example.com' })).toBe('next')
  })

  test('the most specific login decides', () => {
    expect(mail('a@ann.example', { login: 'ann@example.com' })).toBe('next')
    expect(mail('a@staff.example', { login: 'ann@example.com' })).toBe('refuse 550 5.7.1 clients.ann.senders')
  })

  test('who is known by nothing may use any sender, and everybody may use the null reverse-path', () => {
    expect(mail('a@lan.example', { client: '192.0.2.1' })).toBe('next')
    expect(mail('<>', { login: 'ann@example.com' })).toBe('next')
  })

  test('a login that no client names leaves the network to say who it is', () => {
    expect(mail('a@lan.example', { login: 'eve@other.example' })).toBe('next')
    expect(mail('a@x.example', { login: 'eve@other.example' })).toBe('refuse 550 5.7.1 clients.lan.senders')
  })
})

test('two networks with the same sender come to different ends', () => {
  const ask = asker({
    clients: [
      client('printers', ['10.1.0.0/16'], { senders: ['scan@example.com'] }),
      client('guests', ['10.2.0.0/16'], { internal: false, senders: ['guest.example'] }),
    ],
  })
  expect(ask('mail', { client: '10.1.0.9', sender: 'scan@example.com' }).text).toBe('next')
  expect(ask('mail', { client: '10.2.0.9', sender: 'scan@example.com' }).text).toBe(
    'refuse 550 5.7.1 clients.guests.senders',
  )
})

describe('what a client is held to', () => {
  test('a client whose TLS is required is refused in the clear, whatever it sends', () => {
    const ask = asker({ clients: [client('lan', ['10.0.0.0/8'], { tls: 'required' })] })
    expect(ask('mail', { client: '10.1.1.1', sender: '<>' }).text).toBe('refuse 530 5.7.0 clients.lan.tls')
    expect(ask('mail', { client: '10.1.1.1', sender: '<>', tls: true }).text).toBe('next')
    expect(ask('mail', { client: '192.0.2.1', sender: '<>' }).text).toBe('next')
  })

  test('own senders are asked of the back-end, and not for the null reverse-path', () => {
    const ask = asker({ clients: [logins('staff', ['*'], { senders: 'own' })] })
    const staff = { login: 'ann@example.com', sender: 'x@example.com' }
    expect(ask('mail', staff)).toMatchObject({ text: 'next', asked: ['own-sender.staff'] })
    expect(ask('mail', staff, { 'own-sender.staff': 'listed' }).text).toBe('refuse 550 5.7.1 clients.staff.senders')
    expect(ask('mail', staff, { 'own-sender.staff': 'error' }).text).toBe('refuse 451 4.7.1 clients.staff.senders')
    expect(ask('mail', { ...staff, sender: '<>' }).asked).toEqual([])
    expect(ask('mail', { sender: 'x@example.com' }).asked).toEqual([])
  })

  const rated = client('rated', ['10.0.0.0/8'], {
    rates: [rate('messages', 30), rate('recipients', 100, 'all'), rate('bytes', 5000)],
  })
  const ask = asker({ clients: [rated] })
  const inside = { client: '10.1.1.1', sender: 'a@example.com' }

  test('messages are counted at MAIL, recipients of whom is let in, octets at the end of the data', () => {
    expect(ask('mail', inside).asked).toEqual(['rate.rated.messages/1m'])
    expect(ask('rcpt', { ...inside, recipient: 'bob@example.com' }).asked).toEqual(['rate.rated.recipients/1m'])
    expect(ask('data', { ...inside, recipient: 'bob@example.com', sizeBytes: 10 }).asked).toEqual([
      'rate.rated.bytes/1m',
    ])
    expect(ask('mail', { sender: 'a@example.com' }).asked).toEqual([])
  })

  test('more than a rate is refused for now', () => {
    expect(ask('mail', inside, { 'rate.rated.messages/1m': 'listed' }).text).toBe(
      'refuse 451 4.7.1 clients.rated.rates.messages',
    )
    expect(ask('mail', inside, { 'rate.rated.messages/1m': 'error' }).text).toBe(
      'refuse 451 4.7.1 clients.rated.rates.messages',
    )
  })

  test('of a message that is too large nothing is counted', () => {
    expect(ask('mail', { ...inside, sizeBytes: 1001 })).toMatchObject({ asked: [], text: /552/ })
  })

  test('what is refused anyway is counted for nobody', () => {
    const outside = asker({ clients: [{ ...rated, internal: false }] })
    expect(outside('rcpt', { ...inside, recipient: 'x@far.example' })).toMatchObject({
      asked: [],
      text: 'refuse 550 5.7.1 relaying',
    })
    expect(outside('rcpt', { ...inside, recipient: 'bob@example.com' }).asked).toEqual(['rate.rated.recipients/1m'])
  })

  test('what a client that is observed may not is noted, and goes on', () => {
    const ask = asker({
      clients: [{ ...rated, senders: ['only@example.com'], tls: 'required', maxSizeBytes: 500, mode: 'observe' }],
    })
    const said = ask('mail', { ...inside, sizeBytes: 600 }, { 'rate.rated.messages/1m': 'listed' })
    expect(said.text).toBe('next')
    expect(said.notes.map((note) => note.replace(/ .* /, ' '))).toEqual([
      'observe clients.rated.tls',
      'observe clients.rated.senders',
      'observe clients.rated.maxSize',
      'observe clients.rated.rates.messages',
    ])
    expect(ask('mail', { ...inside, sizeBytes: 1001 }).text).toBe('refuse 552 5.3.4 listeners.mx.maxSize')
  })
})

describe('deny rules', () => {
  const rule = (index: number, when: Partial<DenyRule['when']>, more: Partial<DenyRule> = {}): DenyRule => ({
    ...deny(index, when),
    ...more,
  })

  test('are asked as soon as all that they ask for is known', () => {
    const ask = asker({
      deny: [
        rule(0, { helo: ['*.local'] }),
        rule(1, { logins: ['old@example.com'] }),
        rule(2, { tls: 'none', listeners: ['lan'] }),
        rule(3, { helo: ['bad.example'], recipient: ['bob@example.com'] }),
      ],
    })
    expect(ask('connect', { helo: 'x.local' }).text).toBe('next')
    expect(ask('helo', { helo: 'x.local' }).text).toBe('refuse 550 5.7.1 deny[0]')
    expect(ask('helo', { helo: 'local' }).text).toBe('next')
    expect(ask('mail', { sender: '<>', login: 'old@example.com' }).text).toBe('refuse 550 5.7.1 deny[1]')
    expect(ask('mail', { sender: '<>', listener: 'lan' }).text).toBe('refuse 550 5.7.1 deny[2]')
    expect(ask('mail', { sender: '<>', listener: 'lan', tls: true }).text).toBe('next')
    expect(ask('mail', { sender: '<>', listener: 'mx' }).text).toBe('next')
    const bob = { recipient: 'bob@example.com', sender: '<>' }
    expect(ask('rcpt', { ...bob, helo: 'bad.example' }).text).toBe('refuse 550 5.7.1 deny[3]')
    expect(ask('rcpt', { ...bob, helo: 'good.example' }).text).toBe('next')
  })

  test('of logins that follow each other take the first that matches', () => {
    const first = asker({ deny: [rule(0, { logins: ['*@a.example'] }), rule(1, { logins: ['ann@a.example', '*'] })] })
    expect(first('mail', { sender: '<>', login: 'ann@a.example' }).text).toBe('refuse 550 5.7.1 deny[0]')
    expect(first('mail', { sender: '<>', login: 'ann@b.example' }).text).toBe('refuse 550 5.7.1 deny[1]')
    const { diagnostics } = compile(
      aDocument({ deny: [rule(0, { logins: ['*'] }), rule(1, { logins: ['ann@a.example'] })] }),
    )
    expect(diagnostics.map(({ code }) => code)).toEqual(['MG2005'])
  })

  test('that only look on note what they would refuse, and the rules behind them are asked all the same', () => {
    const ask = asker({
      deny: [
        rule(0, { client: ['192.0.2.0/24'] }, { mode: 'observe' }),
        rule(1, { client: ['192.0.2.0/25'] }),
        rule(2, { sender: ['bad.example'] }, { mode: 'observe' }),
      ],
    })
    expect(ask('connect', { client: '192.0.2.1' })).toMatchObject({
      text: 'refuse 554 5.7.1 deny[1]',
      notes: ['observe 554 rule 0 deny[0]'],
    })
    expect(ask('connect', { client: '192.0.2.200' })).toMatchObject({
      text: 'next',
      notes: ['observe 554 rule 0 deny[0]'],
    })
    expect(ask('connect', { client: '198.51.100.1' })).toMatchObject({ text: 'next', notes: [] })
    expect(ask('mail', { sender: 'x@bad.example' }).notes).toEqual(['observe 550 rule 2 deny[2]'])
  })

  test('of a watched file do what the document says while it cannot be read', () => {
    const watched = (onError: 'ignore' | 'defer', more: Partial<DenyRule> = {}) =>
      asker({ deny: [rule(0, { watched: '/etc/blocked.txt' }, { onError, ...more })] })
    const name = 'watched.rule-0'
    expect(watched('ignore')('connect', {}, { [name]: 'listed' }).text).toBe('refuse 554 5.7.1 deny[0]')
    expect(watched('ignore')('connect', {}, { [name]: 'clear' }).text).toBe('next')
    expect(watched('ignore')('connect', {}, { [name]: 'error' }).text).toBe('next')
    expect(watched('defer')('connect', {}, { [name]: 'error' }).text).toBe('refuse 421 4.7.1 deny[0]')
    expect(watched('defer', { mode: 'observe' })('connect', {}, { [name]: 'error' }).text).toBe('next')
    expect(watched('defer', { mode: 'observe' })('connect', {}, { [name]: 'listed' }).notes).toHaveLength(1)
    const withSender = asker({
      deny: [rule(0, { watched: '/etc/blocked.txt', sender: ['a.example'] }, { onError: 'defer' })],
    })
    expect(withSender('mail', { sender: 'x@b.example' }).asked).toEqual([])
    expect(withSender('mail', { sender: 'x@a.example' }, { [name]: 'error' }).text).toBe('refuse 451 4.7.1 deny[0]')
  })
})

describe('DNS lists', () => {
  const bob = { recipient: 'bob@example.com', sender: 'a@elsewhere.example' }
  const rcpt = (ask: ReturnType<typeof asker>, ...listed: readonly string[]) =>
    ask('rcpt', bob, Object.fromEntries(listed.map((id) => [`dnsbl.${id}`, 'listed' as const])))

  test('with weights decide together, and the one that reaches the threshold says why', () => {
    const ask = asker({
      dnsblThreshold: 5,
      dnsbl: [list('a', { weight: 3 }), list('b', { weight: 2 }), list('c', { weight: 2 })],
    })
    expect(rcpt(ask).text).toBe('next')
    expect(rcpt(ask, 'a').text).toBe('next')
    expect(rcpt(ask, 'b', 'c').text).toBe('next')
    expect(rcpt(ask, 'a', 'b').text).toBe('refuse 554 5.7.1 dnsbl["b"]')
    expect(rcpt(ask, 'a', 'c').text).toBe('refuse 554 5.7.1 dnsbl["c"]')
  })

  test('whose weight can no longer reach the threshold are not asked', () => {
    const ask = asker({
      dnsblThreshold: 5,
      dnsbl: [list('a', { weight: 3 }), list('b', { weight: 3 }), list('alone'), list('c', { weight: 2 })],
    })
    expect(rcpt(ask).asked).toEqual(['dnsbl.a', 'dnsbl.b', 'dnsbl.alone'])
    expect(rcpt(ask, 'a').asked).toEqual(['dnsbl.a', 'dnsbl.b', 'dnsbl.alone', 'dnsbl.c'])
  })

  test('that let in end the questions, or take their weight off the sum', () => {
    const ends = asker({ dnsbl: [list('good', { kind: 'allow' }), list('bad')] })
    expect(rcpt(ends, 'good', 'bad')).toMatchObject({ text: 'next', asked: ['dnsbl.good'] })
    expect(rcpt(ends, 'bad').text).toBe('refuse 554 5.7.1 dnsbl["bad"]')
    const weighs = asker({
      dnsblThreshold: 3,
      dnsbl: [list('good', { kind: 'allow', weight: 2 }), list('a', { weight: 3 }), list('b', { weight: 2 })],
    })
    expect(rcpt(weighs, 'a').text).toBe('refuse 554 5.7.1 dnsbl["a"]')
    expect(rcpt(weighs, 'good', 'a').text).toBe('next')
    expect(rcpt(weighs, 'good', 'a', 'b').text).toBe('refuse 554 5.7.1 dnsbl["b"]')
  })

  test('mark, put off or are observed instead of refusing', () => {
    const ask = asker({
      dnsbl: [
        list('marks', { onListed: { tag: 'suspicious' } }),
        list('tried', { mode: 'observe' }),
        list('later', { onListed: { code: 450, text: 'later' } }),
      ],
    })
    expect(rcpt(ask, 'marks', 'tried')).toMatchObject({
      text: 'next',
      notes: ['tag 0 suspicious dnsbl["marks"]', 'observe 554 listed by tried dnsbl["tried"]'],
    })
    expect(rcpt(ask, 'later').text).toBe('refuse 450 4.7.1 dnsbl["later"]')
  })

  test('that are observed put nobody off while they cannot be asked', () => {
    const ask = asker({ dnsbl: [list('tried', { mode: 'observe', onError: 'defer' })] })
    expect(ask('rcpt', bob, { 'dnsbl.tried': 'error' }).text).toBe('next')
  })

  test('and checks are not asked for postmaster, for internal clients and on other listeners', () => {
    const ask = asker({ dnsbl: [list('zen')], checks: [check('reverse')] })
    const asked = (said: Said) => ask('rcpt', { ...bob, ...said }).asked
    expect(asked({})).toEqual(['check.reverse', 'dnsbl.zen'])
    expect(asked({ recipient: 'postmaster@example.com' })).toEqual([])
    expect(asked({ client: '10.1.1.1' })).toEqual([])
    expect(asked({ listener: 'lan' })).toEqual([])
  })
})

const check = (id: CheckEntry['id'], part: Partial<CheckEntry> = {}): CheckEntry => ({
  at: `checks.${id}`,
  id,
  listeners: null,
  then: { code: 550, status: '5.7.25', text: 'no name' },
  onError: 'ignore',
  ...part,
})

test('checks refuse, put off, mark or are observed', () => {
  const bob = { recipient: 'bob@example.com', sender: 'a@elsewhere.example' }
  const of = (part: Partial<CheckEntry>, outcome: Outcome) =>
    asker({ checks: [check('reverse', part)] })('rcpt', bob, { 'check.reverse': outcome })
  expect(of({}, 'listed').text).toBe('refuse 550 5.7.25 checks.reverse')
  expect(of({}, 'error').text).toBe('next')
  expect(of({ onError: 'defer' }, 'error').text).toBe('refuse 451 4.7.1 checks.reverse')
  expect(of({ then: { tag: 'no-name' } }, 'listed')).toMatchObject({
    text: 'next',
    notes: ['tag 0 no-name checks.reverse'],
  })
  expect(of({ mode: 'observe', onError: 'defer' }, 'error').text).toBe('next')
  expect(of({ mode: 'observe' }, 'listed').notes).toEqual(['observe 550 no name checks.reverse'])
})

describe('softBounce', () => {
  const part: Partial<Document> = {
    softBounce: true,
    clients: [client('lan', ['10.0.0.0/8'], { tls: 'required' })],
    deny: [deny(0, { client: ['192.0.2.1/32'] }), deny(1, { sender: ['bad.example'] })],
    dnsbl: [list('zen')],
    localMx: [
      { at: 'localMx.x', pattern: 'x.example', target: { kind: 'reject', code: 550, status: '5.1.6', text: 'moved' } },
    ],
  }
  const ask = asker(part)

  test('turns every refusal for good into one for now', () => {
    expect(ask('connect', { client: '192.0.2.1' }).text).toBe('refuse 421 4.7.1 deny[0]')
    expect(ask('mail', { sender: 'a@bad.example' }).text).toBe('refuse 450 4.7.1 deny[1]')
    expect(ask('mail', { sender: '<>', sizeBytes: 5000 }).text).toBe('refuse 452 4.3.4 listeners.mx.maxSize')
    expect(ask('rcpt', { recipient: 'x@far.example', sender: '<>' }).text).toBe('refuse 450 4.7.1 relaying')
    expect(ask('rcpt', { recipient: 'bob@example.com', sender: '<>' }, { 'dnsbl.zen': 'listed' }).text).toBe(
      'refuse 451 4.7.1 dnsbl["zen"]',
    )
    expect(ask('data', { recipient: 'bob@example.com', hops: 101 }).text).toBe('refuse 451 4.4.6 limits.maxHops')
    expect(ask('route', { recipient: 'a@x.example' }).text).toBe('refuse 450 4.1.6 localMx.x')
    expect(ask('route', { recipient: 'a@nowhere.example' }).text).toMatch(/^refuse 450 4\.1\.2/)
  })

  test('leaves no refusal for good in the whole graph but those that ask for TLS or a login', () => {
    const { graph } = compile(aDocument(part))
    const codes = graph.nodes.flatMap((node) => (node.kind === 'refuse' && node.code >= 500 ? [node.code] : []))
    expect(new Set(codes)).toEqual(new Set([530]))
    expect(graph.control.softBounce).toBe(true)
  })
})

test('a document that says nothing of all this has none of it in its graph', () => {
  const { graph } = compile(aDocument({}))
  expect(graph.nodes.some((node) => node.kind === 'oracle' || node.kind === 'note')).toBe(false)
  expect(Object.keys(graph.control)).not.toContain('softBounce')
})
