import type { CommandEntry, OptionEntry } from './command-entry.ts'

/** `docs/tls-policy.md` says what reports are. */
export const tlsrptCommand = (json: OptionEntry): CommandEntry => ({
  name: 'tlsrpt',
  summary: 'read a report on TLS that another mail service has sent',
  details:
    'The report of RFC 8460 as it came: a message, its attachment (JSON or gzip), or `-` for standard input. Prints what the sender saw of the TLS of our hosts: sessions that went well, and each kind of failure with the hosts on both sides. Contacts nobody.',
  arguments: [['<file>', 'the report, or -']],
  options: [json],
  exits: [
    [0, 'read, and all sessions went well'],
    [1, 'it cannot be read'],
    [2, 'read, and some sessions failed'],
  ],
  load: () => import('./commands/tlsrpt.ts'),
})
