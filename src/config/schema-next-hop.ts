import { nextHopContent } from './schema-copies.ts'
import { routeRetry } from './schema-notices.ts'
import { count, duration, either, keys, list, listOrTable, text, yes } from './schema-values.ts'

/** What may be said of a next hop, by relays and destinations alike, and the pools of source addresses. */

const rateText = "a number and a time, such as '100/1m'"
const address = "an address of this machine, such as '192.0.2.1'"
const hostName = "a host name, such as 'out1.corp.example'"

const deed = either("backoff('10m'), slow('10/1m', '1h') or suspend('1d')", [
  keys({
    backoff: duration().meta({ description: 'Nothing more is handed out for so long; then one message tries it.' }),
  }),
  keys({
    slow: text(rateText).meta({ description: 'No more messages than this within a time, for a while.' }),
    for: duration().meta({ description: 'For how long.' }),
  }),
  keys({
    suspend: duration().meta({
      description:
        'As `mailgw dest suspend` does, for so long: mail for it waits and does not expire, until an operator resumes it.',
    }),
  }),
])

const reaction = keys({
  match: text("a reply, such as '421', '4.7.*' or '4.7.* rate limit'").meta({
    description:
      'Refusals that it is for: a code (`421`, `4??`), an enhanced status (`4.7.*`), and text that is looked for anywhere in the reply, without regard to case (`*` stands for any text); each part may be left out.',
    examples: ['421', '4.7.* rate limit'],
  }),
  do: deed.meta({ description: 'What follows.', examples: [{ backoff: '10m' }] }),
})

/** `connections` has its own words where it has another default. */
export const nextHop = {
  rate: text(rateText)
    .meta({
      description: 'Messages within a time, and no more at once. Default: as many as the other side takes.',
      examples: ['100/1m'],
    })
    .optional(),
  messagesPerConnection: count(1, 100_000)
    .meta({
      description: 'Messages of one connection. Default: 1000, or fewer where the other side says so (RFC 9422).',
      examples: [20],
    })
    .optional(),
  recipientsPerMessage: count(1, 100)
    .meta({
      description:
        'Recipients of one transaction; a message for more goes in several. Default: 100, or fewer where the other side says so (RFC 9422).',
      examples: [50],
    })
    .optional(),
  egress: text('the name of a pool')
    .meta({ description: 'Pool of `egress` that connections come from. Default: the pool `default`.' })
    .optional(),
  ...nextHopContent,
  reactions: list(reaction, 'reactions')
    .meta({
      description: 'What follows from what the other side says; the first that matches a refusal counts.',
      examples: [[{ match: '4.7.* rate limit', do: { backoff: '10m' } }]],
    })
    .optional(),
  ...routeRetry,
}

export const destination = keys({
  connections: count(1, 10_000)
    .meta({
      description: 'Connections at one moment. Default: `limits.connectionsPerNextHop`.',
      examples: [5],
    })
    .optional(),
  ...nextHop,
})

const weighted = keys({
  address: text(address).meta({ description: 'An address of this machine.', examples: ['192.0.2.1'] }),
  weight: count(1, 1000)
    .meta({ description: 'Its share of the connections, beside the others of its family.', default: 1 })
    .optional(),
  hostname: text(hostName)
    .meta({
      description: 'Name in EHLO for connections from it. Default: that of the pool.',
      examples: ['out1.corp.example'],
    })
    .optional(),
})

const addresses = list(either(`${address} or { address, weight, hostname }`, [text(address), weighted]), 'addresses')

export const egressPool = either('addresses of this machine, or an object with keys', [
  text(address),
  list(text(address), 'addresses'),
  keys({
    addresses: either(`${address}, or a list`, [text(address), weighted, addresses])
      .meta({
        description:
          'Addresses that connections come from, those of the family of the other side. Default, where `sameAsListener` is given: what the system chooses.',
        examples: [['192.0.2.1', { address: '192.0.2.2', weight: 3, hostname: 'out2.corp.example' }]],
      })
      .optional(),
    hostname: text(hostName)
      .meta({ description: 'Name in EHLO of the addresses without their own. Default: `hostname` of the gateway.' })
      .optional(),
    sameAsListener: either('true or { within, except }', [
      yes(),
      keys({
        within: listOrTable('a network')
          .meta({
            description: 'Only if it is in one of these. Table column: `network`.',
            examples: [['192.0.2.0/24']],
          })
          .optional(),
        except: listOrTable('a network')
          .meta({ description: 'Only if it is in none of these. Table column: `network`.' })
          .optional(),
      }),
    ])
      .meta({
        description: 'Mail leaves from the address that it came in to; where it may not, from `addresses`.',
        examples: [{ within: ['192.0.2.0/24'] }],
      })
      .optional(),
  }),
])
