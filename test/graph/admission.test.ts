import { expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import type { Document } from '../../src/config/document.ts'
import {
  type Asking,
  admitConnection,
  admitData,
  admitDestination,
  admitRecipient,
  admitSender,
} from '../../src/graph/admission.ts'
import type { Outcome } from '../../src/graph/graph.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import { routeOf } from '../../src/graph/route-of.ts'
import {
  aDocument,
  alias,
  client,
  deny,
  domain,
  facts,
  list,
  listener,
  mailbox,
  route,
  type Said,
} from '../compile/a-document.ts'

/** What the graph of a document says, in one line: `250 a@b, c@d`, `550 5.7.1 (relaying)`, `ask zen`. */
function ask(part: Partial<Document>, said: Said, outcomes: readonly Outcome[] = []) {
  const { graph, diagnostics } = compile(aDocument(part))
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  const evaluator = interpreter(graph)
  const told = facts(said)
  const answered = <T>(given: T | Asking<T>, left = [...outcomes]): T | string => {
    if ((given as { kind: string }).kind !== 'ask') return given as T
    const asking = given as Asking<T>
    const outcome = left.shift()
    return outcome === undefined ? `ask ${asking.oracle.id}` : answered(asking.answer(outcome), left)
  }
  const line = (verdict: ReturnType<typeof answered<{ kind: string }>>) => {
    if (typeof verdict === 'string') return verdict
    const v = verdict as Exclude<ReturnType<typeof admitRecipient>, { kind: 'ask' }>
    if (v.kind === 'refuse') return `${v.reply.code} ${v.reply.status} (${v.winner.at})`
    const finals = 'finals' in v ? v.finals.map((final) => `${final.mailbox.text} ${hop(final.route)}`).join(', ') : ''
    return `ok ${finals}(${v.winner.at})`
  }
  return {
    connect: () => line(answered(admitConnection(evaluator, told))),
    mail: () => line(answered(admitSender(evaluator, told))),
    rcpt: () => line(answered(admitRecipient(evaluator, told))),
    data: () => line(answered(admitData(evaluator, told))),
    destination: () => line(answered(admitDestination(evaluator, told))),
    route: () => hop(routeOf(evaluator, told.recipient!)),
  }
}

function hop(found: ReturnType<typeof routeOf>): string {
  switch (found.kind) {
    case 'next-hop':
      return `${found.nextHop.key.replace(/#.*/, '')} `
    case 'refuse':
      return `${found.reply.code} ${found.reply.status} `
    default:
      return `${found.kind} `
  }
}

const rcpt = (part: Partial<Document>, said: Said, outcomes?: readonly Outcome[]) => ask(part, said, outcomes).rcpt()
const inside = '10.1.2.3'
const outside = '203.0.113.9'

const matrix = [
  ['local-only', inside, 'a@example.com', 'ok'],
  ['local-only', inside, 'a@remote.example', '550 5.7.1 (relaying)'],
  ['local-only', outside, 'a@example.com', '550 5.7.1 (relaying)'],
  ['local-only', outside, 'a@remote.example', '550 5.7.1 (relaying)'],
  ['outbound', inside, 'a@example.com', 'ok'],
  ['outbound', inside, 'a@remote.example', 'ok'],
  ['outbound', outside, 'a@example.com', '550 5.7.1 (relaying)'],
  ['outbound', outside, 'a@remote.example', '550 5.7.1 (relaying)'],
  ['two-way', inside, 'a@example.com', 'ok'],
  ['two-way', inside, 'a@remote.example', 'ok'],
  ['two-way', outside, 'a@example.com', 'ok'],
  ['two-way', outside, 'a@remote.example', '550 5.7.1 (relaying)'],
] as const
for (const [kind, from, to, want] of matrix) {
  test(`relaying ${kind}: ${from === inside ? 'internal' : 'external'} to ${to} is ${want}`, () => {
    const got = rcpt({ relaying: { kind, at: 'relaying' } }, { client: from, sender: 'b@example.com', recipient: to })
    expect(got.startsWith(want)).toBe(true)
  })
}

test('an open relay takes everything from everybody', () => {
  const relaying = { kind: 'open', reason: 'lab', until: '2030-01-01', at: 'relaying' } as const
  expect(rcpt({ relaying }, { recipient: 'a@remote.example' })).toMatch(/^ok a@remote.example relay:isp/)
})

test('a forged local sender makes nobody internal', () => {
  expect(rcpt({}, { sender: 'boss@example.com', recipient: 'a@remote.example' })).toBe('550 5.7.1 (relaying)')
})

test('a mailbox in capitals is the same mailbox and keeps its spelling', () => {
  const part = { domains: [domain('example.com', 'local', ['joe'])] }
  expect(rcpt(part, { recipient: 'Joe@example.com' })).toMatch(/^ok Joe@example.com maildir:mail/)
})

const localMx = [
  route('a.example', { kind: 'hosts', hosts: [{ host: 'exact', port: 26 }] }),
  route('*.example', { kind: 'hosts', hosts: [{ host: 'short', port: 25 }] }),
  route('*.b.example', {
    kind: 'hosts',
    hosts: [
      { host: 'long', port: 25 },
      { host: '2001:db8::1', port: 26 },
    ],
  }),
  route('gone.example', { kind: 'reject', code: 556, status: '5.1.10', text: 'no mail' }),
  route('wait.example', { kind: 'hold', reason: 'migration' }),
  route('hole.example', { kind: 'discard' }),
  route('mx.example', { kind: 'mx', tls: 'verify' }),
]
for (const [to, want] of [
  ['a.example', 'hosts:exact:26'],
  ['x.a.example', 'hosts:short:25'],
  ['b.example', 'hosts:short:25'],
  ['x.b.example', 'hosts:long:25,[2001:db8::1]:26'],
  ['x.y.b.example', 'hosts:long:25,[2001:db8::1]:26'],
  ['example', '550 5.1.2'],
  ['other.test', '550 5.1.2'],
  ['gone.example', '556 5.1.10'],
  ['wait.example', 'hold'],
  ['hole.example', 'discard'],
  ['mx.example', 'mx:mx.example'],
] as const) {
  test(`localMx is exact, then the longest suffix, then *: ${to} is ${want}`, () => {
    expect(
      ask({ localMx }, { recipient: `u@${to}` })
        .route()
        .trim(),
    ).toBe(want)
  })
}

test('a recipient without a route is refused at RCPT, and the table is named', () => {
  expect(rcpt({ localMx }, { client: inside, recipient: 'u@other.test' })).toBe('550 5.1.2 (localMx)')
})

test('a reject row refuses at RCPT', () => {
  expect(rcpt({ localMx }, { client: inside, recipient: 'u@gone.example' })).toBe(
    '556 5.1.10 (localMx["gone.example"])',
  )
})

test('a domain that is held or discarded is accepted', () => {
  expect(rcpt({ localMx }, { client: inside, recipient: 'u@wait.example' })).toMatch(/^ok u@wait.example hold/)
  expect(rcpt({ localMx }, { client: inside, recipient: 'u@hole.example' })).toMatch(/^ok u@hole.example discard/)
})

test('a local domain delivers although a wider row routes away', () => {
  expect(ask({}, { recipient: 'u@example.com' }).route()).toBe('maildir:mail ')
})

const closed = {
  domains: [
    domain('example.com', 'local', ['joe', 'ann']),
    domain('park.example', 'local', ['joe'], { kind: 'park' }),
    domain('all.example', 'local', ['joe'], { kind: 'catch-all', to: mailbox('joe@all.example') }),
    domain('*.wild.example', 'local', ['joe']),
  ],
}
for (const [to, want] of [
  ['joe@example.com', /^ok joe@example.com maildir:mail/],
  ['jim@example.com', /^550 5.1.1 \(domains\["example.com"\]\)/],
  ['jim@park.example', /^ok jim@park.example hold/],
  ['joe@park.example', /^ok joe@park.example maildir/],
  ['jim@all.example', /^ok joe@all.example maildir/],
  ['joe@x.wild.example', /^ok joe@x.wild.example maildir/],
  ['jim@x.wild.example', /^550 5.1.1/],
] as const) {
  test(`a list says who exists: ${to}`, () => expect(rcpt(closed, { recipient: to })).toMatch(want))
}

for (const to of [
  'postmaster@example.com',
  'abuse@example.com',
  'PostMaster@example.com',
  'abuse@x.wild.example',
  'postmaster@gw.example.com',
]) {
  test(`${to} is accepted whatever relaying, deny rules and DNSBLs say (RFC 5321 §4.5.1)`, () => {
    const part = {
      ...closed,
      postmaster: mailbox('joe@example.com'),
      relaying: { kind: 'outbound', at: 'relaying' } as const,
      deny: [deny(0, { recipient: ['*'] })],
      dnsbl: [list('zen')],
    }
    expect(rcpt(part, { recipient: to })).toMatch(/^ok joe@example.com maildir/)
  })
}

test('postmaster of a domain that is not ours is nothing special', () => {
  expect(rcpt({}, { recipient: 'postmaster@remote.example' })).toBe('550 5.7.1 (relaying)')
})

test('a relay domain that takes any recipient keeps its own postmaster', () => {
  const part = { domains: [domain('example.com'), domain('far.example', 'relay')] }
  expect(rcpt(part, { recipient: 'postmaster@far.example' })).toMatch(/^ok postmaster@far.example relay:isp/)
})

test('a postmaster that a list or an alias has stays there', () => {
  const domains = [domain('example.com', 'local', ['joe', 'postmaster'])]
  expect(rcpt({ domains }, { recipient: 'postmaster@example.com' })).toMatch(/^ok postmaster@example.com /)
  const aliases = [alias('abuse@example.com', 'joe@example.com')]
  expect(rcpt({ domains, aliases }, { recipient: 'abuse@example.com' })).toMatch(/^ok joe@example.com .*\(aliases/)
})

test('the null sender is never refused for what a client may use', () => {
  const clients = [client('printer', ['10.0.0.7/32'], { senders: ['printer@example.com'] })]
  expect(ask({ clients }, { client: '10.0.0.7', sender: '<>' }).mail()).toMatch(/^ok/)
  expect(ask({ clients }, { client: '10.0.0.7', sender: 'Printer@example.com' }).mail()).toMatch(/^ok/)
  expect(ask({ clients }, { client: '10.0.0.7', sender: 'boss@example.com' }).mail()).toBe(
    '550 5.7.1 (clients.printer.senders)',
  )
  expect(ask({ clients }, { client: '10.0.0.8', sender: 'boss@example.com' }).mail()).toMatch(/^ok/)
})

test('a client inside of another one is by the longest prefix', () => {
  const clients = [
    client('lan', ['10.0.0.0/8'], { recipients: ['example.com'] }),
    client('admin', ['10.9.0.0/16']),
    client('guests', ['10.9.9.0/24'], { internal: false }),
  ]
  expect(rcpt({ clients }, { client: '10.1.1.1', recipient: 'a@remote.example' })).toBe(
    '550 5.7.1 (clients.lan.recipients)',
  )
  expect(rcpt({ clients }, { client: '10.9.1.1', recipient: 'a@remote.example' })).toMatch(/^ok/)
  expect(rcpt({ clients }, { client: '10.9.9.1', recipient: 'a@remote.example' })).toBe('550 5.7.1 (relaying)')
})

test('deny by client alone refuses at connect, with a code that a greeting may have', () => {
  const part = {
    deny: [
      deny(0, { client: ['192.0.2.0/24'] }),
      deny(1, { client: ['2001:db8::/32'], listeners: ['mx'] }, { code: 450, status: '4.7.1', text: 'later' }),
    ],
  }
  expect(ask(part, { client: '192.0.2.9' }).connect()).toBe('554 5.7.1 (deny[0])')
  expect(ask(part, { client: '2001:db8::1' }).connect()).toBe('421 4.7.1 (deny[1])')
  expect(ask(part, { client: '2001:db8::1', listener: 'lan' }).connect()).toBe('ok ()')
})

test('deny rules are first match, also where a later one is more specific', () => {
  const part = {
    deny: [
      deny(0, { sender: ['good.spam.example'] }, { code: 451, status: '4.7.1', text: 'later' }),
      deny(1, { sender: ['*.spam.example', 'spam.example'] }),
      deny(2, { sender: ['very.spam.example', 'other.example'] }, { code: 552, status: '5.0.0', text: 'x' }),
    ],
  }
  expect(ask(part, { sender: 'a@good.spam.example' }).mail()).toBe('451 4.7.1 (deny[0])')
  expect(ask(part, { sender: 'a@very.spam.example' }).mail()).toBe('550 5.7.1 (deny[1])')
  expect(ask(part, { sender: 'a@other.example' }).mail()).toBe('552 5.0.0 (deny[2])')
  expect(ask(part, { sender: '<>' }).mail()).toBe('ok ()')
})

test('all conditions of a deny rule must hold', () => {
  const part = {
    deny: [
      deny(0, { client: ['10.0.0.0/8'], sender: ['a@example.com'], recipient: ['remote.example'], sizeOverBytes: 100 }),
    ],
  }
  const said = { client: inside, sender: 'A@example.com', recipient: 'x@remote.example', sizeBytes: 101 }
  expect(ask(part, said).data()).toBe('550 5.7.1 (deny[0])')
  expect(ask(part, { ...said, sizeBytes: 100 }).data()).toBe('ok ()')
  expect(ask(part, { ...said, sender: 'b@example.com' }).data()).toBe('ok ()')
  expect(ask(part, { ...said, client: outside }).data()).toBe('ok ()')
})

test('deny by destination is asked of the address that a delivery connects to', () => {
  const part = { deny: [deny(0, { destination: ['127.0.0.0/8', '::1/128'] })] }
  expect(ask(part, { destination: '127.0.0.1' }).destination()).toBe('550 5.7.1 (deny[0])')
  expect(ask(part, { destination: '::1' }).destination()).toBe('550 5.7.1 (deny[0])')
  expect(ask(part, { destination: '192.0.2.1' }).destination()).toBe('ok ()')
})

test('the size limit is the smaller of listener and client, and needs a known size', () => {
  const part = {
    listeners: [listener('mx', 'mx', 500), listener('lan', 'internal', 5000)],
    clients: [client('scanner', ['10.0.0.0/8'], { maxSizeBytes: 2000 })],
  }
  expect(ask(part, { sender: '<>', sizeBytes: 501 }).mail()).toBe('552 5.3.4 (listeners.mx.maxSize)')
  expect(ask(part, { sender: '<>', sizeBytes: 500 }).mail()).toBe('ok ()')
  expect(ask(part, { sender: '<>' }).mail()).toBe('ok ()')
  expect(ask(part, { client: inside, listener: 'lan', sizeBytes: 2001 }).data()).toBe(
    '552 5.3.4 (clients.scanner.maxSize)',
  )
  expect(ask(part, { client: inside, listener: 'mx', sizeBytes: 501 }).data()).toBe('552 5.3.4 (listeners.mx.maxSize)')
})

test('one hop more than allowed is a loop', () => {
  expect(ask({}, { sizeBytes: 1, hops: 100 }).data()).toBe('ok ()')
  expect(ask({}, { sizeBytes: 1, hops: 101 }).data()).toBe('554 5.4.6 (limits.maxHops)')
})

const lists = {
  dnsbl: [list('zen'), list('strict', { onError: 'defer' }), list('lan', { listeners: ['lan'] })],
}
for (const [outcomes, want] of [
  [[], 'ask zen'],
  [['listed'], '554 5.7.1 (dnsbl["zen"])'],
  [['clear'], 'ask strict'],
  [['error'], 'ask strict'],
  [['clear', 'error'], '451 4.7.1 (dnsbl["strict"])'],
  [['error', 'clear'], 'ok a@example.com maildir:mail (domains["example.com"])'],
] as const) {
  test(`DNSBLs are asked in order, and an error is what the document says: ${outcomes.join(', ') || 'nothing'} is ${want}`, () => {
    expect(rcpt(lists, { recipient: 'a@example.com' }, outcomes)).toBe(want)
  })
}

test('DNSBLs are never asked about internal clients, nor on other listeners', () => {
  expect(rcpt(lists, { client: inside, recipient: 'a@example.com' })).toMatch(/^ok/)
  expect(rcpt(lists, { listener: 'lan', recipient: 'a@example.com' })).toBe('ask lan')
})

test('what a client may not do is refused before a DNSBL is asked', () => {
  expect(rcpt(lists, { recipient: 'a@remote.example' })).toBe('550 5.7.1 (relaying)')
})

test('aliases are followed to the end, in order, each mailbox once', () => {
  const aliases = [
    alias('all@example.com', 'team@example.com', 'ann@example.com', 'far@remote.example'),
    alias('team@example.com', 'joe@example.com', 'Ann@example.com'),
  ]
  expect(rcpt({ ...closed, aliases }, { recipient: 'ALL@example.com' })).toBe(
    'ok joe@example.com maildir:mail , Ann@example.com maildir:mail , far@remote.example relay:isp (aliases["all@example.com"])',
  )
})
