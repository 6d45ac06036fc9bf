// D1.10, EX-46: the choice of MX hosts, by what becomes of real messages. Name servers are NSD and Unbound; what no server
// does on demand, one of our own does.
import { describe, expect, test } from 'vitest'
import * as fake from '../dns/fake-server.ts'
import { startNsd } from '../support/nsd.ts'
import { peers } from '../support/peer.ts'
import { startUnbound } from '../support/unbound.ts'
import { outcomesOf } from './mx-site.ts'

const first = '127.0.9.1'
const second = '127.0.9.2'
const third = '127.0.9.3'

/** What each host of `mx.test` is; h1 to h3 take mail. */
const hosts = `
h1 IN A ${first}
h2 IN A ${second}
h3 IN A ${third}
dead IN A 127.0.9.99
dead2 IN A 127.0.9.98
defers IN A 127.0.9.11
refuses IN A 127.0.9.12
busy IN A 127.0.9.13
closed IN A 127.0.9.14
mute IN A 127.0.9.15
nomail IN A 127.0.9.16
denied IN A 127.0.9.66
us IN A 127.0.0.1
six IN AAAA ::1
both IN A ${first}
both IN AAAA ::2
halfdead IN A 127.0.9.99
halfdead IN A ${second}
nothing IN TXT "no address"
zero IN A 0.0.0.0
group IN A 224.0.0.1
alias IN CNAME h1
alias2 IN CNAME alias
alias3 IN CNAME alias2
under_score IN A ${first}
circle IN CNAME circle2
circle2 IN CNAME circle
`

/** Rule; domain below `mx.test`; records (`@` is that domain); what becomes of the mail, or one of what. */
type Case = readonly [rule: string, label: string, records: string, want: string | readonly string[]]

const long = 'l'.repeat(63)
const cases: readonly Case[] = [
  ['one MX', 'one', '@ MX 10 h1', first],
  ['the lowest preference is first', 'low', '@ MX 20 h1\n@ MX 10 h2', second],
  ['whatever the order of the records', 'low2', '@ MX 10 h2\n@ MX 20 h1', second],
  ['preferences are numbers', 'number', '@ MX 10 h1\n@ MX 9 h2', second],
  ['of 16 bits', 'bits', '@ MX 65535 h1\n@ MX 32768 h2', second],
  ['preference 0 is one as any other', 'zeropref', '@ MX 0 h1\n@ MX 1 h2', first],
  ['equal preferences are any of them', 'equal', '@ MX 10 h1\n@ MX 10 h2', [first, second]],
  ['of equal ones the one that lives', 'equaldead', '@ MX 10 dead\n@ MX 10 h1\n@ MX 10 dead2', first],
  ['a first MX that refuses connections: the second', 'dead1', '@ MX 10 dead\n@ MX 20 h1', first],
  ['two that do: the third', 'dead3', '@ MX 10 dead\n@ MX 20 dead2\n@ MX 30 h3', third],
  ['all that do: wait', 'deadall', '@ MX 10 dead\n@ MX 20 dead2', 'waits'],
  ['421 in place of a greeting: the second', 'busy1', '@ MX 10 busy\n@ MX 20 h1', first],
  ['421 alone: wait', 'busyall', '@ MX 10 busy', 'waits'],
  ['554 in place of a greeting: the second', 'closed1', '@ MX 10 closed\n@ MX 20 h1', first],
  ['554 alone: wait, for the host may be repaired', 'closedall', '@ MX 10 closed', 'waits'],
  ['521 in place of a greeting: the second', 'nomail1', '@ MX 10 nomail\n@ MX 20 h1', first],
  ['521 of all hosts: no mail for good', 'nomailall', '@ MX 10 nomail', 'fails 5.3.2'],
  ['a host that says nothing: the second', 'mute1', '@ MX 10 mute\n@ MX 20 h2', second],
  ['a recipient deferred: the second', 'defers1', '@ MX 10 defers\n@ MX 20 h2', second],
  ['a recipient deferred by all: wait', 'defersall', '@ MX 10 defers', 'waits'],
  ['a recipient refused: it fails, and no second is asked', 'refuses1', '@ MX 10 refuses\n@ MX 20 h2', 'fails 5.1.1'],
  ['all addresses of a host before the next host', 'half', '@ MX 10 halfdead\n@ MX 20 h3', second],
  ['a host with IPv6 alone', 'six1', '@ MX 10 six', '::1'],
  ['a host whose IPv6 leads nowhere: its IPv4', 'both1', '@ MX 10 both\n@ MX 20 h2', first],
  ['no MX: the address of the domain', 'bare', `@ A ${first}`, first],
  ['no MX: the IPv6 address of the domain', 'bare6', '@ AAAA ::1', '::1'],
  ['no MX and no address', 'empty', '@ TXT "nothing"', 'fails 5.1.2'],
  ['no such domain', 'none', '', 'fails 5.1.2'],
  ['null MX', 'null', '@ MX 0 .', 'fails 5.1.10'],
  ['null MX, though the domain has an address', 'nulla', `@ MX 0 .\n@ A ${first}`, 'fails 5.1.10'],
  ['null MX of another preference', 'null10', '@ MX 10 .', 'fails 5.1.10'],
  ['null MX beside another means nothing', 'nullboth', '@ MX 0 .\n@ MX 10 h1', first],
  ['an MX that does not exist, and no other', 'gone', '@ MX 10 nowhere', 'fails 5.4.4'],
  ['the same, and the address of the domain is not tried', 'gonea', `@ MX 10 nowhere\n@ A ${first}`, 'fails 5.4.4'],
  ['an MX without address, and no other', 'noaddr', '@ MX 10 nothing', 'fails 5.4.4'],
  ['a first MX that does not exist: the second', 'gone1', '@ MX 10 nowhere\n@ MX 20 h1', first],
  ['a first MX without address: the second', 'noaddr1', '@ MX 10 nothing\n@ MX 20 h1', first],
  ['the text of an address is no host', 'text', `@ MX 10 ${first}.`, 'fails 5.4.4'],
  ['the text of an address beside a host', 'text1', `@ MX 10 ${second}.\n@ MX 20 h1`, first],
  ['a dot inside of a label is no dot', 'dotted', '@ MX 10 h1\\.mx\\.test.', 'fails 5.4.4'],
  ['a host with an underscore is tolerated', 'under', '@ MX 10 under_score', first],
  ['an MX that is an alias is tolerated', 'mxalias', '@ MX 10 alias', first],
  ['an alias of an alias of an alias', 'mxalias3', '@ MX 10 alias3', first],
  ['a domain that is an alias has the MX of its target', 'dalias', '@ CNAME low', second],
  ['an alias of a domain without MX: its address', 'dbare', '@ CNAME bare', first],
  ['an alias of nothing', 'dgone', '@ CNAME nowhere', 'fails 5.1.2'],
  ['an alias of a domain with null MX', 'dnull', '@ CNAME null', 'fails 5.1.10'],
  ['an alias in a circle: wait', 'circle', '', 'waits'],
  ['an MX that is an alias in a circle: the other', 'circle1', '@ MX 10 circle\n@ MX 20 h1', first],
  ['a wildcard', 'x.y.wild', '*.wild MX 10 h1', first],
  ['a wildcard is not for names that exist', 'there.wild', `there.wild A ${second}`, second],
  ['a label of 63 octets', long, '@ MX 10 h1', first],
  ['A-labels', 'xn--bcher-kva', '@ MX 10 h1', first],
  ['0.0.0.0 is nothing to connect to', 'zero1', '@ MX 10 zero\n@ MX 20 h1', first],
  ['0.0.0.0 alone', 'zeroall', '@ MX 10 zero', 'fails 5.4.4'],
  ['multicast is nothing to connect to', 'group1', '@ MX 10 group\n@ MX 20 h2', second],
  ['we are the only MX by name: a loop', 'usname', '@ MX 10 gateway.test.', 'fails 5.4.6'],
  ['we are the only MX by address: a loop', 'usaddr', '@ MX 10 us', 'fails 5.4.6'],
  ['we are the backup: the nearer host', 'backup', '@ MX 10 h1\n@ MX 20 us\n@ MX 30 h2', first],
  [
    'we are the backup of a dead host: wait, and nobody farther',
    'backupdead',
    '@ MX 10 dead\n@ MX 20 us\n@ MX 30 h2',
    'waits',
  ],
  ['we are the nearest: a loop, whatever else there is', 'nearest', '@ MX 10 us\n@ MX 20 h1', 'fails 5.4.6'],
  ['as near as we are: a loop', 'near', '@ MX 10 gateway.test.\n@ MX 10 h1', 'fails 5.4.6'],
  ['no MX, and the address is ours: a loop', 'own', '@ A 127.0.0.1', 'fails 5.4.6'],
  ['a forbidden host is passed over', 'denied1', '@ MX 10 denied\n@ MX 20 h1', first],
  ['forbidden hosts alone: the reply of the rule', 'deniedall', '@ MX 10 denied', 'fails 5.7.1'],
  ['a host named twice', 'twice', '@ MX 10 h1\n@ MX 20 h1', first],
  ['one address below two names', 'same', '@ MX 10 h1\n@ MX 20 alias', first],
  [
    'sixty MX, by TCP',
    'many',
    Array.from({ length: 60 }, (_, i) => `@ MX ${10 + i} ${i === 0 ? 'h3' : `some-long-host-name-${i}`}`).join('\n'),
    third,
  ],
]

/** The domains of the cases in one zone; a name that is not relative ends in a dot. */
const zone = `${hosts}${cases
  .flatMap(([, label, records]) =>
    records
      .split('\n')
      .filter(Boolean)
      .map((line) => line.replace(/^@/, label)),
  )
  .map((line) => line.replace(/^(\S+) /, '$1 IN '))
  .join('\n')}\n`

const address = (label: string) => `b@${label}.mx.test`
const literals: readonly Case[] = [
  ['an address literal is its own host', `b@[${second}]`, '', second],
  ['an IPv6 literal is its own host', 'b@[IPv6:::1]', '', '::1'],
  ['a literal that is ours: a loop', 'b@[127.0.0.1]', '', 'fails 5.4.6'],
]

function compared(all: readonly Case[], recipientOf: (one: Case) => string, found: Readonly<Record<string, string>>) {
  const isWanted = (want: Case[3], came: string | undefined) =>
    typeof want === 'string' ? want === came : want.includes(came ?? '')
  return all
    .filter((one) => !isWanted(one[3], found[recipientOf(one)]))
    .map((one) => `${one[0]} (${recipientOf(one)}): wanted ${one[3]}, came ${found[recipientOf(one)]}`)
}

describe.skipIf(!peers('nsd', 'unbound'))('MX choice', () => {
  const all = [...cases, ...literals]
  const recipientOf = ([, label]: Case) => (label.includes('@') ? label : address(label))

  for (const way of ['NSD', 'Unbound before NSD']) {
    test(`${all.length} domains by ${way}: each message ends where the records say`, { timeout: 90_000 }, async () => {
      const nsd = await startNsd({ 'mx.test': zone })
      const port = way === 'NSD' ? nsd.port : (await startUnbound({ 'mx.test': nsd.port })).port
      expect(compared(all, recipientOf, await outcomesOf(`127.0.0.1:${port}`, all.map(recipientOf)))).toEqual([])
    })
  }
})

type Odd = readonly [rule: string, label: string, say: (asked: fake.Asked) => fake.Said, want: string]

const mxOf = (asked: fake.Asked, ...exchanges: readonly string[]) =>
  fake.reply(asked, { answers: exchanges.map((one, i) => fake.mx(asked.name, 10 * (i + 1), `${one}.mx.test`)) })
/** Says it to questions for MX; an address is there, which nobody may fall back to. */
const forMx = (say: (asked: fake.Asked) => fake.Said) => (asked: fake.Asked) =>
  asked.type === 'MX'
    ? say(asked)
    : asked.type === 'A'
      ? fake.reply(asked, { answers: [fake.a(asked.name, third)] })
      : fake.nodata(asked)
const withRcode = (rcode: number) => (asked: fake.Asked) => fake.reply(asked, { header: { rcode } })

const odd: readonly Odd[] = [
  ['SERVFAIL: wait, and no address instead', 'servfail', forMx(fake.servfail), 'waits'],
  ['REFUSED: wait', 'refused', forMx(fake.refused), 'waits'],
  ['silence: wait', 'silence', forMx(() => null), 'waits'],
  [
    'SERVFAIL once, then an answer',
    'once',
    forMx((asked) => (asked.nth === 0 ? fake.servfail(asked) : mxOf(asked, 'h1'))),
    first,
  ],
  [
    'FORMERR to EDNS: asked without',
    'formerr',
    forMx((asked) => (asked.edns ? withRcode(1)(asked) : mxOf(asked, 'h1'))),
    first,
  ],
  [
    'NOTIMP to EDNS: asked without',
    'notimp',
    forMx((asked) => (asked.edns ? withRcode(4)(asked) : mxOf(asked, 'h1'))),
    first,
  ],
  [
    'EDNS is dropped on the way: asked without',
    'noedns',
    forMx((asked) => (asked.edns ? null : mxOf(asked, 'h1'))),
    first,
  ],
  [
    'truncated: asked by TCP',
    'tc',
    forMx((asked) => (asked.by === 'udp' ? fake.reply(asked, { header: { tc: 1 } }) : mxOf(asked, 'h2'))),
    second,
  ],
  [
    'truncated with some MX in it: they count for nothing',
    'tcsome',
    forMx((asked) =>
      asked.by === 'udp'
        ? fake.reply(asked, { answers: [fake.mx(asked.name, 1, 'h3.mx.test')], header: { tc: 1 } })
        : mxOf(asked, 'h2'),
    ),
    second,
  ],
  [
    'truncated, and nothing by TCP: wait',
    'tcmute',
    forMx((asked) => (asked.by === 'udp' ? fake.reply(asked, { header: { tc: 1 } }) : null)),
    'waits',
  ],
  ['truncated by TCP too: wait', 'tctc', forMx((asked) => fake.reply(asked, { header: { tc: 1 } })), 'waits'],
  [
    'a referral: wait',
    'referral',
    forMx((asked) => fake.reply(asked, { authorities: [fake.ns('mx.test', 'ns.mx.test')], header: { aa: 0 } })),
    'waits',
  ],
  [
    'an empty answer without SOA is an absence',
    'nosoa',
    forMx((asked) => fake.reply(asked, { header: { aa: 1 } })),
    third,
  ],
  [
    'the answer is to another name: wait',
    'othername',
    forMx((asked) => fake.reply(asked, { answers: [fake.mx('x.mx.test', 10, 'h1.mx.test')] })),
    'waits',
  ],
  [
    'the answer is of another type: wait',
    'othertype',
    forMx((asked) => fake.reply(asked, { answers: [fake.a(asked.name, first)] })),
    'waits',
  ],
  [
    'the answer has another id: wait',
    'otherid',
    forMx((asked) =>
      fake.reply(asked, {
        answers: [fake.mx(asked.name, 10, 'h1.mx.test')],
        header: { id: asked.query.header.id ^ 1 },
      }),
    ),
    'waits',
  ],
  [
    'NXDOMAIN with records in it: wait',
    'nxwith',
    forMx((asked) => fake.reply(asked, { answers: [fake.mx(asked.name, 10, 'h1.mx.test')], header: { rcode: 3 } })),
    'waits',
  ],
  ['octets that are no message: wait', 'noise', forMx(() => Buffer.alloc(40, 0xff)), 'waits'],
  ['half a message: wait', 'half', forMx((asked) => mxOf(asked, 'h1').toBuffer().subarray(0, 40)), 'waits'],
  [
    'a TTL of zero',
    'ttl0',
    forMx((asked) => fake.reply(asked, { answers: [fake.mx(asked.name, 10, 'h1.mx.test', 0)] })),
    first,
  ],
  [
    'aliases without end, a new one in each answer: wait',
    'endless',
    forMx((asked) => fake.reply(asked, { answers: [fake.cname(asked.name, `x${asked.name}`)] })),
    'waits',
  ],
  ['a first MX that nobody can look up: the second', 'lost1', forMx((asked) => mxOf(asked, 'lost', 'h2')), second],
  ['an MX that nobody can look up, alone: wait', 'lostall', forMx((asked) => mxOf(asked, 'lost')), 'waits'],
  [
    'an MX that is missing and one that nobody can look up: wait',
    'lostgone',
    forMx((asked) => mxOf(asked, 'gone', 'lost')),
    'waits',
  ],
  [
    'we are the backup of one that nobody can look up: wait',
    'lostus',
    forMx((asked) => mxOf(asked, 'lost', 'us')),
    'waits',
  ],
  [
    'an address of a host in a family, silence for the other',
    'halfmute',
    forMx((asked) => mxOf(asked, 'halfmute1')),
    first,
  ],
]

function oddServer(asked: fake.Asked): fake.Said {
  const label = asked.name.replace(/\.?mx\.test$/, '')
  const known = odd.find((one) => one[1] === label || label.endsWith(`x${one[1]}`))
  if (known !== undefined) return known[2](asked)
  const addresses = new Map([
    ['h1', first],
    ['h2', second],
    ['h3', third],
    ['us', '127.0.0.1'],
    ['halfmute1', first],
  ])
  if (label === 'lost') return fake.servfail(asked)
  if (label === 'halfmute1' && asked.type === 'AAAA') return null
  const known4 = addresses.get(label)
  if (known4 === undefined) return fake.nxdomain(asked, 'mx.test')
  return asked.type === 'A'
    ? fake.reply(asked, { answers: [fake.a(asked.name, known4)] })
    : fake.nodata(asked, 'mx.test')
}

test(`MX choice: ${odd.length} domains of servers that misbehave: mail bounces on facts alone`, {
  timeout: 90_000,
}, async () => {
  const server = await fake.fakeServer(oddServer)
  const found = await outcomesOf(
    `127.0.0.1:${server.port}`,
    odd.map(([, label]) => address(label)),
  )
  const wrong = odd
    .filter(([, label, , want]) => found[address(label)] !== want)
    .map(([rule, label, , want]) => `${rule} (${label}): wanted ${want}, came ${found[address(label)]}`)
  expect(wrong).toEqual([])
})
