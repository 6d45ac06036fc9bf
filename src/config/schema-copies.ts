import { defaults } from './defaults.ts'
import { duration, either, keys, list, listOrTable, oneOf, rowsOrTable, secret, size, text } from './schema-values.ts'

/** Addresses and copies of mail on its way: `rewrite`, `srs`, `journal` and `archive`. */

const pattern = "an address pattern, such as 'user@a.example', '*.a.example' or '*'"
const rows = (what: string) =>
  rowsOrTable(text("a mailbox or a domain, such as 'corp.example'"), 'addresses and what they become').meta({
    description: `${what} Keys are \`user@domain\`, domain, \`*.domain\` or \`*\`, the most specific of which counts; a value is a mailbox, or a domain: then the local part stays. Table columns: \`address\`, \`to\`.`,
    examples: [{ '*.host.internal': 'corp.example', 'app@db.corp.example': 'billing@corp.example' }],
  })

export const rewrite = keys({
  senders: rows(
    'The reverse-path, and the header fields From, Sender, Reply-To, their Resent- forms and Disposition-Notification-To.',
  ).optional(),
  recipients: rows(
    'The header fields To, Cc, Bcc and their Resent- forms; in a relay or destination the forward-path on the wire too. The gateway’s own recipients are rewritten by `aliases`, which routes and proofs know of.',
  ).optional(),
  addresses: rows('Both; `senders` and `recipients` go before it, pattern by pattern.').optional(),
  except: listOrTable(pattern)
    .meta({ description: 'Addresses that stay. Table column: `address`.', examples: [['root@host.internal']] })
    .optional(),
  header: oneOf(['on', 'off'])
    .meta({ description: '`off`: only the envelope is rewritten, and signatures hold.', default: 'on' })
    .optional(),
})

/** In a relay and a destination. */
export const nextHopContent = {
  rewrite: rewrite
    .meta({
      description: 'Addresses that are others towards this next hop, in the envelope on the wire and the header.',
    })
    .optional(),
  conversion: oneOf(['convert', 'refuse'])
    .meta({
      description:
        'Content that a host cannot take as it is, since it does not know 8BITMIME. `convert`: part by part to quoted-printable or base64 (RFC 6152 §3), but never what is signed, which fails with 5.6.3. `refuse`: all of it fails with 5.6.3.',
      default: 'convert',
    })
    .optional(),
}

/** In a client. */
export const clientRewrite = either("'off' or an object with keys", [oneOf(['off']), rewrite])
  .meta({ description: 'In place of `rewrite`, for mail of this client. `off`: none.' })
  .optional()

export const srs = keys({
  domain: text('a domain of `domains`').meta({
    description: 'Domain of the addresses that mail is forwarded from: one of `domains`, whose mail comes here.',
    examples: ['corp.example'],
  }),
  secret: either('a reference to a secret, or a list of them', [
    secret(),
    list(secret(), 'references to secrets'),
  ]).meta({
    description: 'Signs the addresses. Of several the first signs and all are believed, so that it can be changed.',
    examples: [{ $secret: 'env:SRS_SECRET' }],
  }),
  validFor: duration()
    .meta({ description: 'How long mail may come back to such an address.', default: defaults.srs.validFor })
    .optional(),
  of: oneOf(['forwarded', 'leaving'])
    .meta({
      description:
        '`forwarded`: mail from foreign senders that an alias sends to a foreign domain. `leaving`: all mail from foreign senders to foreign domains, as a server behind the gateway may forward as well.',
      default: defaults.srs.of,
    })
    .optional(),
})

const journalRule = keys({
  to: text('a mailbox').meta({
    description: 'The journal: gets one copy of each matching message, whatever the number of its recipients.',
    examples: ['journal@archive.example'],
  }),
  form: oneOf(['report', 'message'])
    .meta({
      description:
        '`report`: a report on the envelope, copies without a name (Bcc) among its recipients, with the message inside. `message`: the message as it came.',
      default: defaults.journal.form,
    })
    .optional(),
  match: keys({
    senders: listOrTable(pattern)
      .meta({ description: 'Only mail from these reverse-paths. Table column: `sender`.' })
      .optional(),
    recipients: listOrTable(pattern)
      .meta({ description: 'Only mail to one of these, as RCPT names them. Table column: `recipient`.' })
      .optional(),
    direction: oneOf(['in', 'out', 'internal'])
      .meta({
        description:
          '`in`: from clients that are not internal, to our domains. `out`: from internal clients to others. `internal`: from internal clients to our domains.',
      })
      .optional(),
  })
    .meta({ description: 'Which messages. Default: all.', examples: [{ direction: 'out' }] })
    .optional(),
})

export const journal = list(journalRule, 'journals')

const archiveFolder = keys({
  dir: text('a folder').meta({
    description: 'Folder on the gateway: absolute, or below its state folder.',
    examples: ['archive/sent'],
  }),
  keep: duration().meta({ description: 'Older copies are removed.', default: defaults.archive.keep }).optional(),
  maxSize: size()
    .meta({ description: 'Beyond it the oldest copies are removed.', default: defaults.archive.maxSize })
    .optional(),
})

export const archive = keys({
  sent: archiveFolder
    .meta({ description: 'Messages that were delivered to somebody, when they leave the queue.' })
    .optional(),
  failed: archiveFolder
    .meta({
      description:
        'Messages that failed for somebody, when they leave the queue; `mailgw queue resurrect` sends them again.',
    })
    .optional(),
})
