import { defaults } from './defaults.ts'
import { line } from './schema-line.ts'
import { nextHop } from './schema-next-hop.ts'
import { relayAuth } from './schema-relay.ts'
import {
  count,
  duration,
  either,
  flag,
  keys,
  list,
  many,
  named,
  oneOf,
  size,
  table,
  text,
  wanted,
  yes,
} from './schema-values.ts'

/** The sections of a document, one by one; `schema.ts` puts them together. */

const tls = oneOf(['off', 'may', 'encrypt', 'verify'])
const tlsText =
  '`off`: never TLS. `may`: when the peer offers it. `encrypt`: TLS or no delivery. `verify`: TLS with a certificate for that name, or no delivery.'

const reject = keys(
  {
    code: count(400, 599).meta({ description: 'SMTP reply code, 4yz or 5yz; not 421, which ends the session.' }),
    text: text().meta({
      description: 'Text of the reply, one line. May begin with an enhanced status code (RFC 3463), such as `5.1.6`.',
    }),
  },
  "reject(550, 'text')",
)
export const rejects = keys({ reject }, "reject(550, 'text')")

export const listener = keys({
  kind: oneOf(['mx', 'submission', 'internal']).meta({
    description:
      '`mx`: mail from other servers, for local domains. `submission`: mail of users. `internal`: mail of machines inside.',
    examples: ['mx'],
  }),
  bind: many("an address with port, such as '127.0.0.1:2525'").meta({
    description:
      'Addresses to listen on, `address:port` or `[address]:port`. Nothing is reachable from elsewhere unless it is written here: `0.0.0.0:25` and `[::]:25` are all addresses of the machine. Port 0 takes any free one.',
    examples: ['127.0.0.1:2525'],
  }),
  maxSize: size()
    .meta({ description: 'Largest message on this listener. Default: `limits.maxSize`.', examples: ['50MiB'] })
    .optional(),
  hostname: text("a host name, such as 'mx1.corp.example'")
    .meta({ description: 'Name in the greeting and in Received. Default: `hostname`.', examples: ['mx1.corp.example'] })
    .optional(),
  ...line,
})

const unknown = either("'reject', 'park' or catchAll('mailbox@domain')", [
  oneOf(['reject', 'park']),
  keys({
    catchAll: text('a mailbox').meta({
      description: 'The mailbox that gets mail for unknown recipients.',
      examples: ['lost@corp.example'],
    }),
  }),
])

export const domain = either("'local', 'relay' or an object with keys", [
  oneOf(['local', 'relay']),
  keys({
    kind: oneOf(['local', 'relay'])
      .meta({
        description:
          '`local`: delivered here, into maildirs. `relay`: accepted from anyone, sent on by `localMx`. Both are local for `relaying`.',
        default: defaults.domain.kind,
      })
      .optional(),
    recipients: either("'any', a list of recipients, or table('file.tsv')", [
      oneOf(['any']),
      list(either("a recipient or table('file.tsv')", [text('a recipient'), table()]), 'recipients'),
      table(),
    ])
      .meta({
        description:
          'Recipients that exist: local parts or whole addresses, in a list or in a table whose column is `recipient`. `any`: all of them.',
        default: defaults.domain.recipients,
        examples: [['ann', 'bob@corp.example']],
      })
      .optional(),
    unknown: unknown
      .meta({
        description:
          'What happens to other recipients. `reject`: 550 5.1.1 at RCPT. `park`: accepted and held in the queue. `catchAll`: sent to one mailbox.',
        default: defaults.domain.unknown,
        examples: ['reject', { catchAll: 'lost@corp.example' }],
      })
      .optional(),
    verify: text('the name of a check')
      .meta({
        description:
          'A check of `recipientChecks`, asked about every recipient whom `recipients` does not list; without `recipients`, about all of them. Who does not exist is `unknown`.',
        examples: ['staff'],
      })
      .optional(),
  }),
])

export const addressPattern = "an address pattern, such as 'user@a.example', '*.a.example' or '<>'"
export const network = "an address block, such as '192.0.2.0/24'"

export const relaying = either(
  "'local-only', 'outbound', 'two-way' or unsafeOpenRelay({ reason: '...', until: '2027-01-31' })",
  [
    oneOf(['local-only', 'outbound', 'two-way']),
    keys({
      unsafeOpenRelay: keys({
        reason: text().meta({ description: 'Why, for whoever reads this later.' }),
        until: text("a date, such as '2030-01-31'").meta({
          description: 'Last day (UTC) of the open relay; a document past it is refused.',
          pattern: '^\\d{4}-\\d{2}-\\d{2}$',
        }),
      }),
    }),
  ],
)

export const relay = keys({
  hosts: many("a host, such as 'smtp.isp.example:587'").meta({
    description:
      'Hosts in order of preference, `host`, `host:port` or `[address]:port`; port 25 unless said, with `implicitTls` 465. Names are looked up for addresses, never for MX.',
    examples: [['smtp.isp.example:587', 'smtp2.isp.example:587']],
  }),
  tls: tls
    .meta({
      description: `${tlsText} Default: \`may\`; \`verify\` with \`auth\` or \`implicitTls\`.`,
      examples: ['verify'],
    })
    .optional(),
  implicitTls: flag()
    .meta({
      description:
        'TLS from the first octet (RFC 8314), in place of STARTTLS. `tls` is `verify` then, or `encrypt` where that is written; the port is 465 unless said.',
      default: false,
    })
    .optional(),
  auth: relayAuth
    .meta({
      description:
        'How to log in: `user`, and `pass` or `oauth`. Secrets are references: they are in no graph, plan or log.',
    })
    .optional(),
  connections: count(1, 10_000)
    .meta({
      description: 'Connections at one moment. Default: `limits.connectionsPerNextHop`.',
      examples: [5],
    })
    .optional(),
  ...nextHop,
})

/** Where mail may go by its sender: a mailbox is the same whoever writes to it. */
const senderTargets = [
  text(wanted.target),
  list(text('a host'), 'hosts'),
  keys({ relay: text('the name of a relay').meta({ description: 'A relay of `relays`.' }) }),
  keys({ host: text("a host, such as 'bart:26'").meta({ description: 'One host, by its address records.' }) }),
  keys({
    hosts: list(text("a host, such as 'bart:26'"), 'hosts').meta({ description: 'Several, in order of preference.' }),
  }),
  keys({
    mx: either('true or { tls }', [
      yes(),
      keys({ tls: tls.meta({ description: `${tlsText} Default: \`${defaults.mxTls}\`.` }).optional() }),
    ]).meta({ description: "The MX hosts of the recipient's domain (RFC 5321 §5)." }),
  }),
  rejects,
  keys({
    hold: either('true or a reason', [yes(), text()]).meta({
      description: 'Accepts, and keeps it visibly in the queue.',
    }),
  }),
  keys({ discard: yes().meta({ description: 'Accepts, and throws away.' }) }),
] as const

export const target = either(wanted.target, [
  ...senderTargets,
  keys({
    deliver: either('true or { dir }', [
      yes(),
      keys({
        dir: text('a folder').meta({
          description: `Folder of the maildirs, below the state folder unless absolute. Default: \`${defaults.dir}\`.`,
        }),
      }),
    ]).meta({ description: 'Maildir delivery on this machine.' }),
  }),
  keys({
    bySender: named(either(wanted.target, senderTargets), 'targets by sender').meta({
      description:
        'By whom the message is from: `user@a.example`, `*@a.example`, `*@*.a.example`, `<>` (notifications, which otherwise go the way of `*`), and `*` for all others, which has to be there. The most specific wins.',
      examples: [{ '*@brand.example': { relay: 'brand' }, '*': { relay: 'isp' } }],
    }),
  }),
])

export const limits = keys({
  sessions: count(1, 100_000)
    .meta({ description: 'SMTP sessions at one moment.', default: defaults.limits.sessions })
    .optional(),
  sessionsPerClient: count(1, 100_000)
    .meta({ description: 'Of these, from one address.', default: defaults.limits.sessionsPerClient })
    .optional(),
  maxSize: size()
    .meta({ description: 'Largest message, in octets after dot-unstuffing.', default: defaults.limits.maxSize })
    .optional(),
  maxRecipients: count(1, 100_000)
    .meta({
      description: 'Recipients of one transaction; at least 100 (RFC 5321 §4.5.3.1.8) unless you know the senders.',
      default: defaults.limits.maxRecipients,
    })
    .optional(),
  maxErrors: count(1, 10_000)
    .meta({ description: 'Error replies before the session is closed with 421.', default: defaults.limits.maxErrors })
    .optional(),
  maxHops: count(1, 1000)
    .meta({ description: 'Received lines; one more is a loop (RFC 5321 §6.3).', default: defaults.limits.maxHops })
    .optional(),
  connectionsPerNextHop: count(1, 10_000)
    .meta({
      description: 'Connections at one moment to one next hop without a number of its own.',
      default: defaults.limits.connectionsPerNextHop,
    })
    .optional(),
  connectionsOut: count(1, 100_000)
    .meta({ description: 'Connections at one moment to all next hops.', default: defaults.limits.connectionsOut })
    .optional(),
  connections: count(1, 200_000)
    .meta({
      description:
        'Connections at one moment in both directions. What it is more than `sessions` is kept for mail going out, what it is more than `connectionsOut` for mail coming in. Default: neither takes from the other.',
      examples: [4400],
    })
    .optional(),
  commandsPerMinute: count(10, 100_000)
    .meta({
      description: 'Commands of one session within a minute; further ones wait. Default: no limit.',
      examples: [600],
    })
    .optional(),
  minBytesPerSecond: count(1, 1_000_000)
    .meta({
      description: 'A message that comes slower than this over a whole minute ends the session. Default: no floor.',
      examples: [100],
    })
    .optional(),
})

const time = (key: keyof typeof defaults.timeouts, description: string) =>
  duration().meta({ description, default: defaults.timeouts[key] }).optional()

export const timeouts = keys({
  command: time('command', 'Server: wait for the next command (RFC 5321 §4.5.3.2.7).'),
  data: time('data', 'Server: wait for the next piece of a message.'),
  session: time('session', 'Server: a whole session.'),
  connect: time('connect', 'Client: until a connection stands.'),
  greeting: time('greeting', 'Client: until the greeting (§4.5.3.2.1).'),
  reply: time('reply', 'Client: until the reply to a command (§4.5.3.2.2, §4.5.3.2.3).'),
  dataBlock: time('dataBlock', 'Client: until a piece of a message is taken (§4.5.3.2.5).'),
  dataDone: time('dataDone', 'Client: until the reply to the final dot (§4.5.3.2.6).'),
  idle: time('idle', 'Client: how long an unused connection is kept for the next message.'),
})

export const envelopeLog = either("'off' or an object with keys", [
  oneOf(['off']),
  keys({
    keep: duration()
      .meta({ description: 'How long; what is older is removed.', default: defaults.envelopeLog.keep })
      .optional(),
    maxSize: size()
      .meta({ description: 'How much of the disk, at most.', default: defaults.envelopeLog.maxSize })
      .optional(),
    localParts: oneOf(['plain', 'hashed'])
      .meta({
        description:
          '`plain`: addresses as they came. `hashed`: local parts as keyed hashes, but for postmaster and abuse; the key stays in the state folder.',
        default: defaults.envelopeLog.localParts,
      })
      .optional(),
  }),
])

export const resolver = keys({
  servers: many("a DNS server, such as '127.0.0.1:5353'")
    .meta({
      description: "DNS servers in order, `address` or `address:port`. Default: the system's.",
      examples: [['127.0.0.1:5353']],
    })
    .optional(),
  timeout: duration().meta({ description: 'Wait for one answer.', default: defaults.resolver.timeout }).optional(),
  attempts: count(1, 10)
    .meta({ description: 'Rounds over all servers.', default: defaults.resolver.attempts })
    .optional(),
  serveStale: duration()
    .meta({
      description: 'How long MX and addresses serve beyond their time while nobody can tell newer ones. `0s`: never.',
      default: defaults.resolver.serveStale,
    })
    .optional(),
  trustAd: flag()
    .meta({
      description:
        'Whether what these servers say they have validated (AD) is believed: DANE rests on it. Default: of servers on this machine alone.',
    })
    .optional(),
})
