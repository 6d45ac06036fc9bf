import type { CommandEntry, OptionEntry } from './command-entry.ts'

/** The options that they share with other commands. */
export type SharedOptions = {
  readonly config: OptionEntry
  readonly graphFile: OptionEntry
  readonly env: OptionEntry
  readonly stateDir: OptionEntry
  readonly json: OptionEntry
}

/** The commands of names. `docs/dns.md` says what they show. */
export const dnsCommands = ({ config, graphFile, env, stateDir, json }: SharedOptions): readonly CommandEntry[] => [
  {
    name: 'mx',
    summary: 'show where mail for a domain goes, and what a delivery would do now',
    details:
      'The row of the document that decides, with its place; the MX of the domain with all their addresses, and which of them are tried in which order, are ours, forbidden, or avoided as they did not answer; what the owner has published of TLS (MTA-STS, TLSA); then step by step what a delivery would do. The running gateway is asked, which knows what it has in its cache; with --config or --graph the name servers of that document are asked from here, as a gateway with an empty cache would. Connects to no mail server. docs/dns.md has examples.',
    arguments: [['[recipient]', 'a domain, or a mailbox where the document tells mailboxes apart']],
    options: [
      [
        '--all',
        'show every host, also those that are never tried; without a recipient: one line for each domain that the document names',
      ],
      ['--from <mailbox>', 'reverse-path, where the document routes by the sender; <> for the null one'],
      config,
      graphFile,
      env,
      stateDir,
      json,
    ],
    exits: [
      [0, 'shown'],
      [1, 'no gateway answers, the document cannot be read, or the recipient is none'],
    ],
    load: () => import('./commands/mx.ts'),
  },
  {
    name: 'dns cache',
    summary: 'show what the running gateway has kept of the DNS',
    details:
      'One line an answer: name, type, what was answered, since when it is kept, its TTL, what is left of it, how often it was of use, and its state: fresh, stale (its time is over, and it serves while nobody can tell a newer one), negative, failure. Below it the name servers with their health.',
    arguments: [['[domain]', 'this name and what is below it (default: all)']],
    options: [
      stateDir,
      ['--limit <n>', 'at most n answers (default 1000)'],
      ['--after <name type>', 'continue behind this answer, such as "mx.example.com A"'],
      json,
    ],
    exits: [
      [0, 'shown'],
      [1, 'no gateway answers, or the name is none'],
    ],
    load: () => import('./commands/dns-cache.ts'),
  },
  {
    name: 'dns flush',
    summary: 'make the running gateway ask the DNS anew',
    details:
      'Forgets the answers for a domain and what is below it, or all. MTA-STS policies stay: they hold until they expire, whatever the DNS says. Back-off of destinations stays too.',
    arguments: [['[domain]', 'this name and what is below it']],
    options: [['--all', 'all names'], stateDir, json],
    exits: [
      [0, 'forgotten; the count is printed'],
      [1, 'no gateway answers, or no domain was named'],
    ],
    load: () => import('./commands/dns-flush.ts'),
  },
  {
    name: 'dns plan',
    summary: 'print the DNS records that a document wants published',
    details:
      'For each domain of the document: MX, SPF, a DMARC policy to begin with, MTA-STS with the text of the policy, TLS reports; for the gateway: addresses of its names, TLSA records of its certificates, and the names to ask for of whoever owns its addresses. Each with what is published now and whether it has to change. Asks the name servers of the document and the servers of its MTA-STS policies. Changes nothing.',
    options: [config, env, ['--zone', 'print the records as a zone file'], json],
    exits: [
      [0, 'all that must be published is'],
      [2, 'something is to be published'],
      [1, 'the document cannot be read'],
    ],
    load: () => import('./commands/dns-plan.ts'),
  },
]
