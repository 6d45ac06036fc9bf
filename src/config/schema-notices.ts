import { z } from 'zod'
import { notificationKinds } from '../mail/notification-settings.ts'
import { defaults } from './defaults.ts'
import type { TextRef } from './define-notices.ts'
import { count, duration, either, keys, list, many, named, oneOf, text, wanted } from './schema-values.ts'

/** When mail is tried again and given up, and what its senders are told. */

const warnAfter = either("a time with its unit, such as '4h', or 'off'", [duration(), oneOf(['off'])])

/** The same words for the section and for each schedule in it; what a schedule does not say it has from the section. */
const waits = (isSchedule: boolean) => ({
  schedule: many(wanted.duration)
    .meta({
      description: 'Waits before the second, third ... attempt; the last one repeats.',
      ...(isSchedule ? { examples: [['5m', '15m']] } : { default: defaults.retry.schedule }),
    })
    .optional(),
  expireAfter: duration()
    .meta({
      description: 'Age at which what is undelivered goes back to its sender; RFC 5321 §4.5.4.1 asks for 4 to 5 days.',
      ...(isSchedule ? { examples: ['8h'] } : { default: defaults.retry.expireAfter }),
    })
    .optional(),
  warnAfter: warnAfter
    .meta({
      description:
        'Age at which the sender is told, once for each recipient, that his message is late and still tried. A sender who asked for something else than delays (`NOTIFY=`) is not told.',
      ...(isSchedule ? { examples: ['30m', 'off'] } : { default: defaults.retry.warnAfter }),
    })
    .optional(),
  maxAttempts: count(1, 10_000)
    .meta({
      description: 'Attempts after which it fails with the last answer, however young. Default: its age alone counts.',
      examples: [10],
    })
    .optional(),
})

export const retry = keys({
  ...waits(false),
  schedules: named(keys(waits(true)), 'schedules by name')
    .meta({
      description:
        'Other schedules, by name, for the `retry` of a relay or destination. What one does not say it has from this section.',
      examples: [{ fast: { schedule: ['1m', '5m'], expireAfter: '8h', warnAfter: '30m' } }],
    })
    .optional(),
})

/** Of relays and destinations. */
export const routeRetry = {
  retry: text('the name of a schedule')
    .meta({ description: 'Schedule of `retry.schedules`. Default: what `retry` says.', examples: ['fast'] })
    .optional(),
  dsn: oneOf(['never'])
    .meta({
      description:
        '`never`: senders are told nothing of mail on this route, neither that it is late nor that it failed. Mail can be lost unseen; `check` warns.',
      examples: ['never'],
    })
    .optional(),
}

const textFile = z
  // The loader has put the text of the file in its place.
  .custom<TextRef>(() => false, { error: () => "a text, or textFile('file.txt')" })
  .meta({
    id: 'textFile',
    description: 'The text of a file beside the document.',
    type: 'object',
    properties: { $text: { type: 'string', description: 'The file, relative to this document.' } },
    required: ['$text'],
    additionalProperties: false,
  })

const notice = keys({
  subject: text()
    .meta({ description: 'One line; may have placeholders of the message.', examples: ['Nicht zugestellt: {subject}'] })
    .optional(),
  text: either("a text, or textFile('file.txt')", [text(), textFile])
    .meta({
      description:
        'Plain text with placeholders, between lines `{each}` and `{end}` once for each recipient; docs/notifications.md lists them.',
      examples: ['Nicht zugestellt:\n{each}\n  {recipient}: {reason}\n{end}', { $text: 'notices/failed.txt' }],
    })
    .optional(),
})

const kind = oneOf(notificationKinds)

export const notifications = keys({
  from: text('a mailbox')
    .meta({ description: 'Mailbox in From. Default: `postmaster`.', examples: ['mail-service@corp.example'] })
    .optional(),
  copy: keys({
    to: text('a mailbox').meta({ description: 'Who gets the copies.', examples: ['postmaster@corp.example'] }),
    of: either('a kind of notification, or a list', [kind, list(kind, 'kinds of notifications')]).meta({
      description: 'Of notifications of which kinds.',
      examples: [['failed']],
    }),
  })
    .meta({ description: 'A copy of what is sent to senders, unseen by them.' })
    .optional(),
  doubleBounce: oneOf(['postmaster', 'drop'])
    .meta({
      description:
        'A message without a sender (a notification, most likely) that fails. `drop`: the log says so. `postmaster`: he is told; what does not reach him is dropped.',
      default: defaults.notifications.doubleBounce,
    })
    .optional(),
  limit: text("a number and a time, such as '1000/1h', or 'off'")
    .meta({
      description:
        'Notifications to one address about mail that came from strangers (by a listener of kind `mx`, without a login): more are not sent, and logged. Whoever forges senders shall not flood them through us.',
      default: defaults.notifications.limit,
      examples: ['200/1h'],
    })
    .optional(),
  language: text("a language tag, such as 'de'")
    .meta({ description: 'Language of your texts (RFC 5646); they are labelled with it.', examples: ['de'] })
    .optional(),
  texts: keys({
    failed: notice.meta({ description: 'It will not be tried again.' }).optional(),
    delayed: notice.meta({ description: 'It is late, and tried further.' }).optional(),
    delivered: notice.meta({ description: 'It is in the mailbox, and the sender asked to be told.' }).optional(),
    relayed: notice
      .meta({ description: 'A host has it that reports nothing; the sender asked to be told.' })
      .optional(),
    expanded: notice.meta({ description: 'An alias for several; the sender asked to be told.' }).optional(),
  })
    .meta({ description: "Your own texts, by kind, in place of the gateway's English." })
    .optional(),
  reasons: named(text('a sentence'), 'sentences by status')
    .meta({
      description:
        'Why, in words for everybody, by enhanced status (RFC 3463): `5.1.1`, `5.1.*`, `5.*`; `attempts` for what was tried too often. The most specific counts, and before those that the gateway has.',
      examples: [{ '5.1.1': 'Diese Adresse gibt es dort nicht. Prüfen Sie, ob sie richtig geschrieben ist.' }],
    })
    .optional(),
})
