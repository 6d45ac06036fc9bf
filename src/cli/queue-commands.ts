import type { QueueActionName } from '../admin/queue-operations.ts'
import type { CommandEntry, OptionEntry } from './command-entry.ts'

/** The commands of the queue. `docs/queue.md` says what each does to a recipient. */
export function queueCommands(stateDir: OptionEntry, json: OptionEntry): readonly CommandEntry[] {
  const conditions: readonly OptionEntry[] = [
    ['--recipient <mailbox>', 'this recipient, as it is now or as RCPT named it; * stands for any text'],
    ['--domain <domain>', 'recipients of this domain; *.domain for any depth below it'],
    ['--sender <mailbox>', 'this sender, <> for notifications; * stands for any text'],
    ['--client <address>', 'mail that came from this address, network (192.0.2.0/24) or login'],
    ['--next-hop <name>', 'waiting for this next hop, as `mailgw queue list` names it, such as relay:isp or mx:*'],
    ['--older <time>', 'in the queue for longer than this, such as 2h'],
    ['--state <state>', 'waiting, active, held, or (of messages that are not over) delivered, failed, discarded'],
    [
      '--reply <reply>',
      'whose last reply, or reason to wait, is so: 451, 4yz, a text in it, or with * the whole of it',
    ],
  ]
  const all: OptionEntry = ['--all', 'all of the queue']
  const dryRun: OptionEntry = ['--dry-run', 'count what is selected, show some of it, and do nothing']
  const reason: OptionEntry = ['--reason <text>', 'why; needed, and kept in the journal']
  const yes: OptionEntry = ['--yes', 'also when more than 100 messages are selected']
  const act = (
    name: QueueActionName,
    {
      summary,
      details,
      options = [],
    }: Pick<CommandEntry, 'summary' | 'details'> & { options?: readonly OptionEntry[] },
  ): CommandEntry => ({
    name: `queue ${name}`,
    summary,
    details: `${details} What is on the wire at that moment is left alone and counted.`,
    arguments: [['[ids...]', 'ids of messages']],
    options: [stateDir, ...conditions, all, ...options, dryRun, json],
    exits: [
      [0, 'done; the count is printed'],
      [1, 'no gateway answers, or nothing was selected'],
    ],
    load: async () => ({ run: (await import('./commands/queue-act.ts')).queueAct(name) }),
  })
  return [
    {
      name: 'queue list',
      summary: 'list what waits in the queue',
      details:
        'One line a recipient, oldest first: id, sender, recipient, state, age, size, attempts, last attempt, next attempt, next hop, the row of the document that decides, last reply.',
      options: [
        stateDir,
        ...conditions,
        ['--limit <n>', 'at most n rows (default 100)'],
        ['--after <id>', 'continue behind this id'],
        all,
        json,
      ],
      exits: [
        [0, 'listed'],
        [1, 'no gateway answers'],
      ],
      load: () => import('./commands/queue-list.ts'),
    },
    {
      name: 'queue show',
      summary: 'show all of one queued message, and what will become of it',
      details:
        'Envelope, header, and of each recipient: state, attempts, last reply, where it goes now and by which row of the document, the state of that next hop, and what happens next.',
      arguments: [['<id>', 'id of the message']],
      options: [stateDir, json],
      exits: [
        [0, 'shown'],
        [1, 'no gateway answers, or it is not in the queue'],
      ],
      load: () => import('./commands/queue-show.ts'),
    },
    act('retry', {
      summary: 'try queued messages now',
      details:
        'By id, or all that the options select. A next hop in back-off is tried at once. What the document held is asked about anew; what `queue hold` holds stays held.',
    }),
    act('hold', {
      summary: 'keep queued messages where they are',
      details:
        'They are not tried and do not expire, over restarts and applies, until `queue release`. To hold what is still to come, see `mailgw hold add`.',
      options: [reason],
    }),
    act('release', {
      summary: 'let held messages go on',
      details: 'Whoever held them; they are due at once. A hold of a destination ends by `mailgw hold remove`.',
    }),
    act('fail', {
      summary: 'give up queued messages, and tell their senders',
      details: 'Each sender gets a notification of failure, unless it asked for none.',
      options: [reason, ['--no-notify', 'tell no sender'], yes],
    }),
    act('drop', {
      summary: 'remove queued messages, and tell nobody',
      details: 'They are gone: `queue export` keeps copies. The log names each, the journal who did it and why.',
      options: [reason, yes],
    }),
    act('reroute', {
      summary: 'ask the document afresh where queued messages go, or send them by another relay',
      details:
        'With --via these messages, and no others, go to that relay until they are delivered, or until they are rerouted without it. It opens nothing: the relay must be declared, what the document refuses, holds, discards or puts into a mailbox stays so, and no line has less TLS than the route demands.',
      options: [['--via <relay>', 'name of a relay in the document']],
    }),
    {
      name: 'queue resurrect',
      summary: 'put failed mail out of the archive back into the queue',
      details:
        'Of messages that `archive.failed` of the document keeps: for the recipients that had failed, under a new id; the active document says where they go. What is stored leaves the archive.',
      arguments: [['[ids...]', 'ids of messages, as they were in the queue']],
      options: [
        stateDir,
        ['--recipient <mailbox>', 'failed for this recipient'],
        ['--domain <domain>', 'failed for a recipient of this domain'],
        ['--sender <mailbox>', 'from this sender'],
        ['--within <time>', 'archived within this time, such as 2h'],
        ['--all', 'all of the archive'],
        ['--dry-run', 'count and show what is selected, and do nothing'],
        json,
      ],
      exits: [
        [0, 'put back; the count is printed'],
        [1, 'no gateway answers, nothing was selected, or some could not be put back'],
      ],
      load: () => import('./commands/queue-resurrect.ts'),
    },
    {
      name: 'queue export',
      summary: 'copy queued messages into files',
      details:
        'Each as ID.eml, as it would be sent, and ID.json with envelope and states. The queue keeps them; files that are there are never written over.',
      arguments: [['[ids...]', 'ids of messages']],
      options: [stateDir, ['--to <folder>', 'where to; needed'], ...conditions, all, dryRun, json],
      exits: [
        [0, 'written; the count is printed'],
        [1, 'no gateway answers, a file is there already, or nothing was selected'],
      ],
      load: () => import('./commands/queue-export.ts'),
    },
  ]
}
