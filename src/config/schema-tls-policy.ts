import { defaults } from './defaults.ts'
import { count, either, keys, many, oneOf, text } from './schema-values.ts'

/** What is asked of the owners of hosts before mail goes to them. */
export const tlsPolicy = keys({
  dane: oneOf(['on', 'off'])
    .meta({
      description:
        'TLSA records of hosts are binding (RFC 7672) where a trusted resolver has validated them (`resolver.trustAd`).',
      default: defaults.tlsPolicy.dane,
    })
    .optional(),
  mtaSts: either("'on', 'off' or an object with keys", [
    oneOf(['on', 'off']),
    keys({
      port: count(1, 65_535)
        .meta({ description: 'Port of policy servers; another one than 443 only in a lab.', default: 443 })
        .optional(),
    }),
  ])
    .meta({
      description: 'MTA-STS policies of domains and of smart hosts are binding (RFC 8461).',
      default: defaults.tlsPolicy.mtaSts,
    })
    .optional(),
  except: many("a domain pattern, such as 'a.example' or '*.a.example'")
    .meta({
      description:
        'Domains, or names of smart hosts, whose TLSA records and policies do not count: for a partner whose records are broken while mail cannot wait. The level of the route still holds.',
      examples: ['broken.example'],
    })
    .optional(),
  ca: text('an absolute path')
    .meta({
      description:
        'File on the gateway with more authorities (PEM) that vouch for next hops and policy servers, beside those of the runtime. Read when a graph is made ready.',
      examples: ['/etc/mailgw/private-ca.pem'],
    })
    .optional(),
})

export const tlsReports = either("'off' or an object with keys", [
  oneOf(['off']),
  keys({
    from: text('a mailbox')
      .meta({ description: 'Mailbox that reports come from. Default: `postmaster`.', examples: ['tls@corp.example'] })
      .optional(),
    contact: text('a mailbox or a URL')
      .meta({
        description: 'Whom the reader of a report may ask. Default: `from`.',
        examples: ['mail-team@corp.example'],
      })
      .optional(),
    organization: text('a name')
      .meta({ description: 'Who has sent the mail. Default: `hostname`.', examples: ['Corp Example'] })
      .optional(),
  }),
])
