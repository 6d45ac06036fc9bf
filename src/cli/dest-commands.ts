import type { CommandEntry, OptionEntry } from './command-entry.ts'

const patternText =
  'a next hop as `mailgw dest list` names it (relay:isp, mx:dst.example), a domain, *.domain, or * for all of them'

/** The commands of next hops. `docs/shaping.md` says what they show. */
export const destCommands = (stateDir: OptionEntry, json: OptionEntry): readonly CommandEntry[] => [
  {
    name: 'dest list',
    summary: 'show the next hops that mail goes to now, and what keeps it from going',
    details:
      'One line a next hop: its state (up, back-off, probing, suspended), why, since when, when it is tried next, its last reply, how many deliveries wait and are on their way, connections of those that there may be, and the rate that holds. Next hops that nothing was sent to lately, and that nothing waits for, are not known.',
    arguments: [['[pattern]', patternText]],
    options: [stateDir, ['--sick', 'only those that are not up, or take less than the document says'], json],
    exits: [
      [0, 'shown'],
      [1, 'no gateway answers'],
    ],
    load: () => import('./commands/dest-list.ts'),
  },
  {
    name: 'dest suspend',
    summary: 'send nothing more to a next hop for a time',
    details:
      'Mail for it is accepted and waits, also over restarts and applies, and does not expire meanwhile; what is on the wire is finished. It is an overlay: `mailgw hold list` shows it too. Ends with its time, or by `mailgw dest resume`.',
    arguments: [
      ['<pattern>', 'a next hop as `mailgw dest list` names it (relay:isp), a domain or *.domain (by MX), mx:*'],
    ],
    options: [
      ['--for <time>', 'how long, such as 2h or 1d12h; this or --until is needed'],
      ['--until <time>', 'when it ends, such as 2030-01-31T18:00:00Z'],
      ['--reason <text>', 'why; needed'],
      ['--owner <name>', 'who is answerable (default: your user name)'],
      stateDir,
      json,
    ],
    exits: [
      [0, 'suspended'],
      [1, 'no gateway answers, or a reason or an end is missing; nothing was changed'],
    ],
    load: () => import('./commands/dest-suspend.ts'),
  },
  {
    name: 'dest resume',
    summary: 'end the suspension of next hops, whoever made it',
    details: 'Their mail is tried at once. What a reaction of the document has suspended ends too.',
    arguments: [['<pattern>', patternText]],
    options: [stateDir, json],
    exits: [
      [0, 'resumed'],
      [1, 'no gateway answers, or none of them is suspended'],
    ],
    load: () => import('./commands/dest-resume.ts'),
  },
  {
    name: 'dest reset',
    summary: 'forget what was learnt of next hops, and try them now',
    details:
      'Ends back-off, and forgets how often it was down, which hosts did not answer, slower rates by reactions, and fewer connections than the document allows. The mail that waits for it goes as soon as one delivery has come through. Suspensions stay (`mailgw dest resume`), and so does what is kept of the DNS (`mailgw dns flush`).',
    arguments: [['[pattern]', patternText]],
    options: [stateDir, ['--all', 'all next hops'], json],
    exits: [
      [0, 'reset'],
      [1, 'no gateway answers, or none of them is known'],
    ],
    load: () => import('./commands/dest-reset.ts'),
  },
]
