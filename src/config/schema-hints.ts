import { duration, flag, keys, many } from './schema-values.ts'

const mayBe = (what: string) => flag().meta({ description: what, default: false }).optional()

/** In a client. */
export const clientHints = keys({
  egress: many('the name of a pool')
    .meta({
      description:
        'Pools of `egress` that `X-Mailgw-Egress` may name, in place of that of the route; or one address of them.',
      examples: [['bulk', 'invoices']],
    })
    .optional(),
  class: many('a word')
    .meta({
      description: 'Classes that `X-Mailgw-Class` may name: a mark for the next hop, in the field X-Mailgw-Tag.',
      examples: [['newsletter', 'invoice']],
    })
    .optional(),
  schedule: many('the name of a schedule')
    .meta({
      description: 'Schedules of `retry.schedules` that `X-Mailgw-Schedule` may name, in place of that of the route.',
      examples: [['brief']],
    })
    .optional(),
  notBefore: duration()
    .meta({
      description: 'How far ahead at most `X-Mailgw-Not-Before` may put off the first attempt.',
      examples: ['3d'],
    })
    .optional(),
  expireAfter: mayBe('`X-Mailgw-Expire-After` may give a message less time than its schedule.'),
  maxAttempts: mayBe('`X-Mailgw-Max-Attempts` may give a message fewer attempts than its schedule.'),
  dsn: mayBe(
    '`X-Mailgw-Notify`, `X-Mailgw-Ret` and `X-Mailgw-Envid` ask for notifications, where the SMTP session did not (RFC 3461).',
  ),
  mailerq: mayBe(
    'Fields of MailerQ that mean the same are read as well: `x-mq-ip`, `x-mq-pool`, `x-mq-tag`, `x-mq-delayed`, `x-mq-maxdelivertime`, `x-mq-maxattempts`, `x-mq-dsn-notify`, `x-mq-dsn-ret` and `x-mq-dsn-envid`. All `x-mq-` fields are taken off all mail then.',
  ),
})
  .meta({
    description:
      'Fields of the header that may steer the delivery of its mail, and what they may choose (docs/hints.md). Such fields are taken off all mail before it leaves, whoever sent it; they count for clients that say so here.',
    examples: [{ egress: ['bulk'], notBefore: '3d', expireAfter: true }],
  })
  .optional()
