import type { CommandEntry, OptionEntry } from './command-entry.ts'

/** What describes a message. */
const message: readonly OptionEntry[] = [
  ['--client <address>', 'address of the client (default 127.0.0.1)'],
  ['--listener <name>', 'listener it connects to (default: the first)'],
  ['--helo <name>', 'argument of HELO or EHLO'],
  ['--tls', 'the line is encrypted (said by itself of a listener with implicit TLS, and by --cert)'],
  ['--cert <fingerprint>', 'verified certificate of the client, such as sha256:01ab...'],
  ['--login <name>', 'who logged in'],
  ['--from <mailbox>', 'reverse-path; <> for the null one'],
  ['--to <mailbox>', 'recipient'],
  ['--size <size>', 'size of the message, such as 2MiB'],
  ['--hops <n>', 'Received lines of the message'],
  ['--assume <oracle=outcome...>', 'answer of an oracle, such as dnsbl.zen=listed'],
]

/** The options that it shares with other commands. */
export type SharedOptions = {
  readonly source: readonly OptionEntry[]
  readonly stateDir: OptionEntry
  readonly json: OptionEntry
}

export const explainCommand = ({ source, stateDir, json }: SharedOptions): CommandEntry => ({
  name: 'explain',
  summary: 'tell what happens to a described message, and which line of the document decides',
  details:
    'Walks the same graph by the same code as the gateway. An oracle (DNSBL) that is not assumed is shown as a tree of its outcomes. With the id of a message that the gateway has or has logged: why it is here, what was tried, and where it goes next, by the active graph and by the one of --config or --graph. docs/explain.md has examples.',
  arguments: [['[id]', 'id of a message, as in the 250 reply and the log']],
  options: [
    ...source,
    ['--running', 'explain the graph that the gateway serves now, with its overlays'],
    [
      '--base <graph>',
      'compare with `running`, a graph (.mgw) or another document: both outcomes, and where they part',
    ],
    ['--follow', 'go on through the gateways that --with names, to the first host that is none of them'],
    ['--with <files...>', 'documents or graphs (.mgw) of further gateways'],
    ['--from-address <address>', 'address that a gateway connects from (default: of its first listener, or loopback)'],
    stateDir,
    ...message,
    json,
  ],
  exits: [
    [0, 'explained'],
    [1, 'the document or the message cannot be read, or nothing is known of the id'],
  ],
  load: () => import('./commands/explain.ts'),
})
