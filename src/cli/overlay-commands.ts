import type { CommandEntry, OptionEntry } from './command-entry.ts'

/** The commands of overlays: restrictions of the moment. `docs/overlays.md` says when to use which. */
export function overlayCommands(stateDir: OptionEntry, json: OptionEntry): readonly CommandEntry[] {
  const who: readonly OptionEntry[] = [
    ['--for <time>', 'how long, such as 2h or 1d12h; this or --until is needed'],
    ['--until <time>', 'when it ends, such as 2030-01-31T18:00:00Z'],
    ['--reason <text>', 'why; needed'],
    ['--owner <name>', 'who is answerable (default: your user name)'],
    stateDir,
    json,
  ]
  const list = (kind: 'deny' | 'hold', summary: string): CommandEntry => ({
    name: `${kind} list`,
    summary,
    details: 'With owner, reason and end; what has ended is gone.',
    options: [stateDir, json],
    exits: [
      [0, 'listed'],
      [1, 'no gateway answers'],
    ],
    load: async () => ({ run: (await import('./commands/overlay-list.ts')).overlayList(kind) }),
  })
  const remove = (kind: 'deny' | 'hold', summary: string): CommandEntry => ({
    name: `${kind} remove`,
    summary,
    details: 'Takes effect at once.',
    arguments: [['<ids...>', `ids that \`mailgw ${kind} list\` shows`]],
    options: [stateDir, json],
    exits: [
      [0, 'removed'],
      [1, 'no gateway answers, or there is none of that name'],
    ],
    load: async () => ({ run: (await import('./commands/overlay-remove.ts')).overlayRemove(kind) }),
  })
  const added: CommandEntry['exits'] = [
    [0, 'in force, and kept over restarts'],
    [1, 'not added; the gateway does what it did before'],
  ]
  return [
    {
      name: 'deny add',
      summary: 'refuse a client network, a sender or a recipient for a time, without a new document',
      details:
        'At once, on top of whichever graph is active, over applies and restarts, until the time is over. All conditions that are given must hold. It can only refuse; what shall stay belongs into the document.',
      options: [
        ['--client <network>', 'address or block of clients, such as 192.0.2.0/24'],
        ['--sender <pattern>', 'reverse-paths: user@domain, domain, *.domain, * or <>'],
        ['--recipient <pattern>', 'recipients: user@domain, domain, *.domain or *'],
        ['--listener <name>', 'at this listener only'],
        ['--code <code>', 'SMTP reply code, 4yz or 5yz (default 554 for clients, 550 for addresses)'],
        ['--text <text>', 'text of the reply; the id is added to it'],
        ...who,
      ],
      exits: added,
      load: () => import('./commands/deny-add.ts'),
    },
    list('deny', 'list what is refused for a time'),
    remove('deny', 'end a refusal before its time'),
    {
      name: 'ban add',
      summary: 'refuse one client address for a time',
      details: 'A deny of a single address with a fixed reply; thousands of them cost a session nothing.',
      arguments: [['<address>', 'address of the client']],
      options: who,
      exits: added,
      load: () => import('./commands/ban-add.ts'),
    },
    {
      name: 'ban list',
      summary: 'list the clients that are banned for a time, and the accounts that are locked',
      details:
        'Bans that operators made, and those that the gateway made by itself for what a client did (`bans` of the document), with reason, since when and until when. What has ended is gone.',
      options: [stateDir, json],
      exits: [
        [0, 'listed'],
        [1, 'no gateway answers'],
      ],
      load: () => import('./commands/ban-list.ts'),
    },
    {
      name: 'ban remove',
      aliases: ['rm'],
      summary: 'end bans before their time, whoever made them',
      details: 'Takes effect at once. What led the gateway to a ban is forgotten with it.',
      arguments: [['<ids...>', 'ids that `mailgw ban list` shows, or the addresses']],
      options: [stateDir, json],
      exits: [
        [0, 'removed'],
        [1, 'no gateway answers, or there is none of that name'],
      ],
      load: () => import('./commands/ban-remove.ts'),
    },
    {
      name: 'unlock',
      summary: 'let an account log in again that was locked for failed logins',
      details:
        'Ends its locks for all clients, and forgets its failed logins; clients that are banned for them stay banned (`mailgw ban list`).',
      arguments: [['<account>', 'the login']],
      options: [stateDir, json],
      exits: [
        [0, 'it was locked, and is no longer'],
        [1, 'no gateway answers, or it was not locked'],
      ],
      load: () => import('./commands/unlock.ts'),
    },
    {
      name: 'hold add',
      summary: 'keep mail for a destination in the queue for a time',
      details:
        'Mail is accepted, and nothing is tried towards these recipients until the time is over or the hold is removed; what is on the wire is finished. It does not expire meanwhile. `mailgw queue list --state held` shows it.',
      options: [
        ['--domain <pattern>', 'recipient domains: domain, *.domain or *'],
        ['--next-hop <name>', 'a next hop as `mailgw queue list` names it, such as relay:isp'],
        ...who,
      ],
      exits: added,
      load: () => import('./commands/hold-add.ts'),
    },
    list('hold', 'list the destinations that are held'),
    remove('hold', 'let mail for a destination go on'),
  ]
}
