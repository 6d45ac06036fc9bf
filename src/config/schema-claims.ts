import type { z } from 'zod'
import { either, flag, keys, list, many, named, oneOf, size, text } from './schema-values.ts'

/** The structure of `prove`: claims about all messages, or about those in a box. */

const addressPattern = "an address pattern, such as 'a.example', '*.a.example' or '<>'"

const some = (expected: string) =>
  either(`${expected}, a list, or { in, except }`, [
    text(expected),
    list(text(expected), expected),
    keys({
      in: many(expected).meta({ description: 'These; without it all.' }).optional(),
      except: many(expected).meta({ description: 'But none of these.' }),
    }),
  ])

const box = keys(
  {
    listener: many('the name of a listener').meta({ description: 'Listener that the client came to.' }).optional(),
    client: some("an address block, such as '192.0.2.0/24'").meta({ description: 'Address of the client.' }).optional(),
    internal: flag().meta({ description: '`true`: clients that are internal. `false`: all others.' }).optional(),
    tls: flag().meta({ description: '`true`: over encrypted lines. `false`: in the clear.' }).optional(),
    login: some("a login, '*@a.example' or '*'")
      .meta({ description: 'Who logged in. `*` is anybody who did, all but `*` is nobody.' })
      .optional(),
    certificate: some("'sha256:' and 64 hexadecimal digits, or '*'")
      .meta({ description: 'Verified certificate of the client. `*` is any, all but `*` is none.' })
      .optional(),
    helo: some('a domain pattern')
      .meta({ description: 'What the client says in HELO or EHLO. `*` is anything said, all but `*` is nothing said.' })
      .optional(),
    sender: some(addressPattern).meta({ description: 'Envelope sender. `*` is all but `<>`.' }).optional(),
    recipient: some(addressPattern).meta({ description: 'Envelope recipient, as RCPT names it.' }).optional(),
    size: keys({
      over: size().meta({ description: 'Larger than this.' }).optional(),
      upTo: size().meta({ description: 'Not larger than this.' }).optional(),
    })
      .meta({ description: 'Size of the message.' })
      .optional(),
    dnsbl: named(
      either("'listed', 'clear', 'error' or a list of them", [
        oneOf(['listed', 'clear', 'error']),
        list(oneOf(['listed', 'clear', 'error']), 'outcomes'),
      ]),
      'outcomes by DNS list',
    )
      .meta({ description: 'Answers of DNS lists, by `id`.', examples: [{ zen: 'error' }] })
      .optional(),
  },
  'a box: an object with listener, client, internal, tls, login, certificate, helo, sender, recipient, size or dnsbl',
)

const effect = either("'accepted', 'refused', 'relayed', 'delivered', 'held', 'discarded' or via('relay')", [
  oneOf(['accepted', 'refused', 'relayed', 'delivered', 'held', 'discarded']),
  keys({ relay: text('the name of a relay').meta({ description: 'A relay of `relays`.' }) }),
])

export const claim = either("a claim, such as noOpenRelay() or forAll({ ... }).never('accepted')", [
  oneOf([
    'noOpenRelay',
    'noLoops',
    'noDeadRules',
    'everyLocalDomainHasTerminal',
    'noUnreachableRelay',
    'authOnlyOverTls',
    'postmasterAndAbuseAccepted',
    'nullSenderAcceptedForLocal',
    'oraclesFailSafe',
  ]),
  keys({
    tlsFloor: keys({
      pattern: text(addressPattern).meta({ description: 'Mailboxes whose routes are meant.' }),
      level: oneOf(['may', 'encrypt', 'verify']).meta({ description: 'The least TLS level.' }),
    }).meta({ description: 'Every route of these mailboxes has at least this TLS level.' }),
  }),
  keys({
    forAll: box.meta({ description: 'The messages that `never`, `always` or `onlyVia` is about.' }),
    never: effect.meta({ description: 'None of them is ever this.' }).optional(),
    always: effect.meta({ description: 'All of them are this.' }).optional(),
    onlyVia: text('the name of a relay')
      .meta({ description: 'What is accepted of them goes to this relay and nowhere else.' })
      .optional(),
  }),
  keys({ unchanged: box.meta({ description: 'A change of the document changes nothing for these messages.' }) }),
]) satisfies z.ZodType
