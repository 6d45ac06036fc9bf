import { defaults } from './defaults.ts'
import { count, duration, either, keys, listOrTable, oneOf } from './schema-values.ts'

const base = defaults.bans

const often = (key: 'failures' | 'unknownRecipients' | 'protocolErrors' | 'httpRequests', what: string) =>
  either("a whole number, or 'off'", [count(1, 1_000_000), oneOf(['off'])])
    .meta({ description: `${what} within \`window\` that earn a ban.`, default: base[key] })
    .optional()

/** Who misbehaves is kept out for a while. */
export const bans = keys({
  failures: often('failures', 'Failed logins'),
  unknownRecipients: often('unknownRecipients', 'Recipients that do not exist'),
  protocolErrors: often('protocolErrors', 'Commands that are none, wrong arguments, talking out of turn'),
  httpRequests: often('httpRequests', 'HTTP requests'),
  window: duration()
    .meta({
      description: 'Counted over this time, over all sessions of an address (IPv4) or /64 (IPv6).',
      default: base.window,
    })
    .optional(),
  for: duration()
    .meta({ description: 'How long the first ban lasts; each further one twice as long.', default: base.for })
    .optional(),
  max: duration().meta({ description: 'The longest ban.', default: base.max }).optional(),
  except: listOrTable("an address block, such as '192.0.2.0/24'")
    .meta({
      description: 'Networks that are never banned. Default: `trusted`. Table column: `network`.',
      examples: [['10.0.0.0/8']],
    })
    .optional(),
  delay: either("'off' or an object with keys", [
    oneOf(['off']),
    keys({
      first: duration()
        .meta({ description: 'After the first failure; doubled each time.', default: base.delay.first })
        .optional(),
      max: duration().meta({ description: 'At most.', default: base.delay.max }).optional(),
    }),
  ])
    .meta({ description: 'A failed login is answered late.', default: base.delay })
    .optional(),
  lockOut: either("'off' or an object with keys", [
    oneOf(['off']),
    keys({
      failures: count(1, 1_000_000)
        .meta({ description: 'Failures within `window`.', default: base.lockOut.failures })
        .optional(),
      window: duration().meta({ description: 'Counted over this time.', default: base.lockOut.window }).optional(),
      for: duration().meta({ description: 'How long it lasts.', default: base.lockOut.for }).optional(),
    }),
  ])
    .meta({
      description:
        'An account is locked towards networks that have not logged in to it lately; where its owner is, it stays open. `mailgw unlock` ends it.',
      default: base.lockOut,
    })
    .optional(),
})
