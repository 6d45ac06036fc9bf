import type { CommandEntry, OptionEntry } from './command-entry.ts'
import { probeExits } from './probe/exit-code.ts'

/** The options that they share with other commands. */
export type SharedOptions = {
  readonly config: OptionEntry
  readonly graphFile: OptionEntry
  readonly env: OptionEntry
  readonly stateDir: OptionEntry
  readonly json: OptionEntry
}

/** What only looks. `docs/probe.md` and `docs/operations.md` have examples. */
export const lookCommands = ({ config, graphFile, env, stateDir, json }: SharedOptions): readonly CommandEntry[] => [
  {
    name: 'config show',
    summary: 'show every value of a document, and where it comes from',
    details:
      'The document as it is read: included files merged, byEnv() chosen, one line a value. With --effective also what nobody wrote and holds all the same. Secrets are shown as what names them. A document with errors is not shown: `mailgw check` says what is wrong.',
    arguments: [['[setting]', 'this setting and those below it, such as limits or listeners.smtp']],
    options: [
      config,
      env,
      ['--effective', 'also the defaults that hold'],
      ['--with-source', 'say of each value its file and line, or that it is a default'],
      json,
    ],
    exits: [
      [0, 'shown'],
      [1, 'the document cannot be read, or has errors'],
    ],
    load: () => import('./commands/config-show.ts'),
  },
  {
    name: 'conns',
    summary: 'list the connections of the running gateway, in and out',
    details:
      'Who is connected, since when, and the transaction under way: HELO name, client, sender, recipients, date, time and size; of connections to next hops the host, our own address, and the message that is being sent. The oldest first.',
    options: [
      stateDir,
      ['--in', 'sessions of clients only'],
      ['--out', 'connections to next hops only'],
      ['--limit <n>', 'at most n of each (default 1000)'],
      json,
    ],
    exits: [
      [0, 'listed'],
      [1, 'no gateway answers'],
    ],
    load: () => import('./commands/conns.ts'),
  },
  {
    name: 'probe smtp',
    summary: 'talk to a mail server and show all that is said',
    details:
      'Connects, says EHLO, begins TLS, logs in and sends a test message, as far as the options ask for it, and prints the dialogue with the time that each answer took, the certificate, and what the host offers. Secrets come from the environment, a file or a program, and are shown nowhere. With --mx the hosts that a delivery would try are taken from the running gateway, or with --config or --graph from that document. docs/probe.md has examples.',
    arguments: [['[host]', 'host, host:port or [address]:port; port 25 unless said, 465 with --tls implicit']],
    options: [
      [
        '--mx <domain>',
        'in place of a host: those that a delivery to this domain or mailbox would try, in their order',
      ],
      ['--tls <how>', 'none, starttls, implicit or verify (default: STARTTLS where it is offered)'],
      ['--verify', 'the certificate must be for the host and of an authority that is trusted'],
      ['--ca <file>', 'certificates of the authorities that are trusted (PEM)'],
      [
        '--auth <mechanism>',
        'log in by PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-1, SCRAM-SHA-256, SCRAM-SHA-256-PLUS, XOAUTH2 or OAUTHBEARER',
      ],
      ['--user <name>', 'who logs in'],
      ['--secret <reference>', 'the password or the token: env:NAME, file:/path or exec:["program"]'],
      ['--from <address>', 'sender of a test message; <> is the null reverse-path'],
      ['--to <address...>', 'its recipients'],
      ['--rcpt-only', 'end after RCPT, and send no message'],
      ['--message <file>', 'send this file, - for standard input, in place of a message of our own'],
      ['--size <size>', 'how long our own message is, such as 5MB'],
      ['--ehlo <name>', 'name that we give ourselves (default: that of this machine)'],
      ['--helo', 'say HELO in place of EHLO'],
      ['--proxy <address>', 'begin with a PROXY header (version 1) for a client of this address'],
      ['--timeout <time>', 'for each answer (default 30s)'],
      config,
      graphFile,
      env,
      stateDir,
      json,
    ],
    exits: probeExits,
    load: () => import('./commands/probe-smtp.ts'),
  },
]
