import { reasonMark } from '../mail/listed-text.ts'
import { defaults } from './defaults.ts'
import { clientRewrite } from './schema-copies.ts'
import { clientHints } from './schema-hints.ts'
import { addressPattern, network, rejects } from './schema-sections.ts'
import {
  count,
  either,
  flag,
  keys,
  list,
  listOrTable,
  listOrWatched,
  many,
  oneOf,
  size,
  text,
} from './schema-values.ts'

/** Who may send what, and who is refused: `clients`, `deny`, `dnsbl` and `checks`. */

const observe = oneOf(['observe'])
const observed = (what: string) =>
  observe
    .meta({ description: `\`observe\`: ${what} is written to the log, and mail goes on as if it were not there.` })
    .optional()

const rate = (of: string, example: string) =>
  many(`a number and a time, such as '${example}'`)
    .meta({
      description: `${of} in any such time; of several, each holds. More is answered 451 4.7.1.`,
      examples: [example],
    })
    .optional()

export const client = keys({
  networks: listOrTable(network)
    .meta({
      description:
        'Addresses and blocks of this client. Of all clients the longest prefix wins. Table column: `network`.',
      examples: [['10.1.0.0/16', 'fd00:1::/32']],
    })
    .optional(),
  logins: listOrTable("a login, '*@a.example' or '*'")
    .meta({
      description:
        'In place of `networks`: who logged in, `user@a.example`, `user`, `*@a.example` or `*` (anybody). The most specific wins, and before any certificate or network. Table column: `login`.',
      examples: [['*@corp.example']],
    })
    .optional(),
  certificates: listOrTable("the fingerprint of a certificate, 'sha256:...', or '*'")
    .meta({
      description:
        'In place of `networks`: fingerprints of client certificates, `sha256:` and 64 hexadecimal digits, or `*` for any that `clientCa` vouches for. Wins before any network. Table column: `certificate`.',
      examples: [['sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef']],
    })
    .optional(),
  internal: flag()
    .meta({ description: 'It may relay as far as `relaying` says.', default: defaults.client.internal })
    .optional(),
  senders: listOrTable(`${addressPattern}, or 'own'`)
    .meta({
      description:
        'Reverse-paths that it may use, `user@domain`, domain, `*.domain`, `*` or `<>`; `own`: the login itself and the addresses that its back-end has for it. Default: any. Table column: `sender`.',
      examples: [['scanner@corp.example'], 'own'],
    })
    .optional(),
  recipients: listOrTable(addressPattern)
    .meta({
      description: 'Recipients that it may send to. Default: any that relaying allows. Table column: `recipient`.',
      examples: [['corp.example']],
    })
    .optional(),
  maxSize: size()
    .meta({ description: 'Largest message from it. Default: that of the listener.', examples: ['5MiB'] })
    .optional(),
  rewrite: clientRewrite,
  tls: oneOf(['required'])
    .meta({ description: '`required`: only over an encrypted line. Default: what the listener says.' })
    .optional(),
  rates: keys({
    messages: rate('Messages', '30/1m'),
    recipients: rate('Recipients', '500/1d'),
    bytes: rate('Octets of messages', '50MiB/1h'),
    by: oneOf(['each', 'all'])
      .meta({
        description:
          '`each`: every address (an IPv6 /64), login or certificate of this client has them for itself. `all`: the client as a whole.',
        default: defaults.client.by,
      })
      .optional(),
  })
    .meta({ description: 'How much it may send.', examples: [{ messages: '30/1m', recipients: ['100/1h', '500/1d'] }] })
    .optional(),
  class: text('a word')
    .meta({
      description:
        'Class of its messages: a mark that they carry on, in their header, the log and explanations, as those of `{ tag }` do.',
      examples: ['bulk'],
    })
    .optional(),
  hints: clientHints,
  mode: observed('what the client may not'),
})

const then = either("reject(550, 'text'), 'defer' or tag('text')", [
  rejects,
  oneOf(['defer']),
  keys({
    tag: text('a word').meta({
      description: 'A mark for the next hop, in the field X-Mailgw-Tag: letters, digits, `.`, `_`, `=` and `-`.',
      examples: ['suspicious'],
    }),
  }),
])
const onError = oneOf(['ignore', 'defer'])

export const dnsbl = keys({
  id: text('a name').meta({ description: 'Its name in logs, explanations and metrics.', examples: ['zen'] }),
  kind: oneOf(['deny', 'allow'])
    .meta({
      description:
        '`deny`: who is on it is refused. `allow`: who is on it is asked about no further; with `weight` it takes that off the sum.',
      default: defaults.dnsbl.kind,
    })
    .optional(),
  zone: text('a domain').meta({ description: 'DNS zone of the list (RFC 5782).', examples: ['zen.dnsbl.example'] }),
  codes: many("an address inside 127.0.0.0/8, such as '127.0.0.2'")
    .meta({
      description:
        'Answers that count as listed: addresses or blocks. 127.255.255.0/24 (errors of the list) never counts.',
      default: defaults.dnsbl.codes,
    })
    .optional(),
  listeners: many('the name of a listener')
    .meta({ description: 'Listeners that ask it. Default: those of kind `mx`.', examples: [['mx']] })
    .optional(),
  weight: count(1, 1000)
    .meta({
      description:
        'It does not decide alone: the weights of all lists that have the client are added, and at `dnsblThreshold` the list that reached it decides.',
      examples: [3],
    })
    .optional(),
  onListed: then
    .meta({
      description: `At RCPT: a reply, \`defer\` (450) or \`{ tag }\`, which lets the message pass with a mark. \`${reasonMark}\` in the text of a reply stands for the list's own words. Default: 554 5.7.1 with the zone and the reason in its text.`,
      examples: [{ tag: 'listed' }],
    })
    .optional(),
  onError: onError.meta({
    description: 'When nobody can tell: `ignore` goes on as if not listed, `defer` answers 451 4.7.1.',
    examples: ['ignore'],
  }),
  mode: observed('what the list says'),
})

export const dnsblThreshold = count(1, 100_000)

const check = (what: string, reply: string) =>
  keys({
    then: then.meta({ description: `${what} A reply, \`defer\` (450) or \`{ tag }\`. Default: ${reply}.` }).optional(),
    onError: onError.meta({
      description: 'When the DNS cannot tell: `ignore` goes on as if all were well, `defer` answers 451 4.7.1.',
      examples: ['ignore'],
    }),
    listeners: many('the name of a listener')
      .meta({ description: 'Listeners that ask. Default: those of kind `mx`.', examples: [['mx']] })
      .optional(),
    mode: observed('what is found'),
  })

export const checks = keys({
  reverse: check(
    'When the address of the client has no name, or none that leads back to it (RFC 8601 §3: iprev).',
    '550 5.7.25',
  ).optional(),
  helo: check(
    'When the name in HELO or EHLO is no full name, does not exist, is one of ours, or is an address that is not the client’s.',
    '550 5.7.1',
  ).optional(),
  senderDomain: check(
    'When the domain of the envelope sender takes no mail: no MX and no address, or a null MX (RFC 7505).',
    '550 5.1.8',
  ).optional(),
})

export const deny = keys({
  id: text('a name')
    .meta({ description: 'Its name in logs. Default: its place, such as `deny[2]`.', examples: ['bad-nets'] })
    .optional(),
  when: keys({
    client: listOrWatched(network)
      .meta({
        description:
          'Address of the client. Table column: `network`. `watched`: a file on the gateway, with an address or block a line, that is read again whenever it changes; it is not part of the reviewed document.',
        examples: [['194.30.0.0/16'], { $watched: '/etc/mailgw/blocked.txt' }],
      })
      .optional(),
    helo: listOrTable("a domain pattern, such as '*.a.example'")
      .meta({ description: 'Name in HELO or EHLO, a domain pattern. Table column: `helo`.', examples: [['*.local']] })
      .optional(),
    login: listOrTable("a login, '*@a.example' or '*'")
      .meta({ description: 'Who logged in. Table column: `login`.', examples: [['old@corp.example']] })
      .optional(),
    tls: oneOf(['none']).meta({ description: '`none`: the line is not encrypted.' }).optional(),
    sender: listOrTable(addressPattern)
      .meta({ description: 'Envelope sender (MAIL FROM). Table column: `sender`.', examples: [['*.bad.example']] })
      .optional(),
    recipient: listOrTable(addressPattern)
      .meta({ description: 'Envelope recipient (RCPT TO). Table column: `recipient`.' })
      .optional(),
    destination: listOrTable(network)
      .meta({
        description: 'Address that a delivery would connect to. Stands alone in its rule. Table column: `network`.',
        examples: [['192.0.2.0/24']],
      })
      .optional(),
    size: keys({ over: size().meta({ description: 'Larger than this, announced or counted.', examples: ['5MB'] }) })
      .meta({ description: 'Size of the message.' })
      .optional(),
    listener: many('the name of a listener').meta({ description: 'Listener that the client came to.' }).optional(),
  }).meta({ description: 'All conditions must hold; of a list, any one.' }),
  then: rejects.meta({ description: 'The reply. Default: 550 5.7.1.' }).optional(),
  mode: observed('that the rule holds'),
  onError: onError
    .meta({
      description:
        'Of a rule with a watched file, and required there: while the file cannot be read, `ignore` lets the rule not hold, `defer` answers 421 or 451.',
      examples: ['ignore'],
    })
    .optional(),
})

export const softBounce = flag()

export const dnsblList = list(dnsbl, 'DNS lists')
export const denyList = list(deny, 'rules')
