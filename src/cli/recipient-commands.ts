import type { CommandEntry, OptionEntry } from './command-entry.ts'

/** What is known of recipients at RCPT; `docs/recipients.md` explains it. */
export const recipientCommands = (stateDir: OptionEntry, json: OptionEntry): readonly CommandEntry[] => [
  {
    name: 'recipients cache',
    summary: 'list what the gateway has found out about recipients',
    details:
      'How each check of `recipientChecks` does, and what it remembers, newest first. What is past its time is listed as stale: it counts only while nobody can be asked.',
    arguments: [['[address]', 'this address only']],
    options: [
      stateDir,
      ['--domain <domain>', 'recipients of this domain only'],
      ['--limit <n>', 'at most n rows (default 100)'],
      json,
    ],
    exits: [
      [0, 'listed'],
      [1, 'no gateway answers'],
    ],
    load: () => import('./commands/recipients-cache.ts'),
  },
  {
    name: 'recipients flush',
    summary: 'forget what the gateway has found out about recipients',
    details: 'Of an address, of a domain, or all; they are asked about again when mail for them comes.',
    arguments: [['[what]', 'an address or a domain']],
    options: [stateDir, ['--all', 'everything, also the sizes that next hops announced'], json],
    exits: [
      [0, 'forgotten; the count is printed'],
      [1, 'no gateway answers, or it was not said what to forget'],
    ],
    load: () => import('./commands/recipients-flush.ts'),
  },
  {
    name: 'recipients sizes',
    summary: 'list the size limits that next hops have announced',
    details:
      'Within the last day, where `learnSizes` is on: RCPT is refused for who announces more. `recipients flush --all` forgets them too.',
    options: [stateDir, json],
    exits: [
      [0, 'listed'],
      [1, 'no gateway answers'],
    ],
    load: () => import('./commands/recipients-sizes.ts'),
  },
  {
    name: 'recipients verify',
    summary: 'ask now whether a recipient exists, and show each step',
    details:
      'The running gateway asks as it would at RCPT, whatever it remembers, and remembers the answer. Only recipients of domains that have a check are asked about.',
    arguments: [['<address>', 'the recipient']],
    options: [stateDir, json],
    exits: [
      [0, 'it exists'],
      [1, 'no gateway answers, or its domain has no check'],
      [2, 'it does not exist'],
      [3, 'it could not be found out'],
    ],
    load: () => import('./commands/recipients-verify.ts'),
  },
]
