import type { CommandEntry, OptionEntry } from './command-entry.ts'
import { destCommands } from './dest-commands.ts'
import { dnsCommands } from './dns-commands.ts'
import { explainCommand } from './explain-command.ts'
import { keyCommands } from './key-commands.ts'
import { lookCommands } from './look-commands.ts'
import { metricsCommand } from './metrics-command.ts'
import { overlayCommands } from './overlay-commands.ts'
import { passwdCommand } from './passwd-command.ts'
import { queueCommands } from './queue-commands.ts'
import { recipientCommands } from './recipient-commands.ts'
import { tlsrptCommand } from './tlsrpt-command.ts'

const config: OptionEntry = [
  '-c, --config <file>',
  'the document; without it mailgw.config.{ts,mts,yaml,yml,json} is searched upwards',
]
const env: OptionEntry = ['-e, --env <name>', 'environment that byEnv() picks by']
const graphFile: OptionEntry = ['-g, --graph <file>', 'a graph written by `mailgw graph -o FILE` instead of a document']
const json: OptionEntry = ['--json', 'print JSON instead of text']
const reports: readonly OptionEntry[] = [
  ['--sarif <file>', 'also write the diagnostics as SARIF 2.1.0; an empty report when there are none'],
  ['--github', 'also print the diagnostics as annotations of GitHub Actions'],
]
const stateDir: OptionEntry = [
  '-s, --state-dir <folder>',
  'folder of spool, mailboxes and socket (default: $MAILGW_STATE_DIR or ./state)',
]
const base: OptionEntry = [
  '--base <what>',
  'what to compare with: running, a graph (old.mgw), another document, or a git revision (HEAD~1, main, git:REV, REV:PATH); default: the running gateway',
]
const replay: readonly OptionEntry[] = [
  ['--replay <time>', 'weigh the changes with the envelopes that the gateway recorded, such as 7d'],
  ['--replay-file <file>', 'the same with a file of envelopes (NDJSON)'],
]
const fleet: readonly OptionEntry[] = [
  ['--all', 'all gateways of the document, in place of the one of the state folder'],
  ['--gateways <names>', 'these gateways or groups of the document, divided by commas'],
]
const planForms: readonly OptionEntry[] = [
  ['--json', 'print the plan as JSON (schemas/plan.v1.schema.json)'],
  ['--markdown', 'print the plan as the comment of a pull request, at most 60,000 characters'],
  ['--hash', 'print the hash of the change set alone'],
]
/**
 * The one table of commands: the program, `--help` and `docs/cli.md` are made of it. A command's code is loaded only
 * when it runs, so that `serve` starts with nothing of the compiler in it.
 */
export const commands: readonly CommandEntry[] = [
  {
    name: 'serve',
    summary: 'run a gateway',
    details:
      'With --config the document is compiled by a process of its own and served. With --graph a graph file is served. With neither, the graph that was active last in the state folder is served, and only when there is none, the document that is found. SIGTERM drains: running transactions end, new ones get 421. A second SIGTERM cuts.',
    options: [
      config,
      graphFile,
      env,
      stateDir,
      ['--log-level <level>', 'error, warn, info or debug (default info)'],
      ['--log-format <format>', 'json or pretty (default: pretty on a terminal)'],
    ],
    exits: [
      [0, 'stopped as asked'],
      [1, 'could not start'],
    ],
    load: () => import('./commands/serve.ts'),
  },
  {
    name: 'check',
    summary: 'read a document and say everything that is wrong with it',
    details:
      'Loads, validates, compiles, and proves what `prove` does. Prints all problems at once, each with file, line and column. With --dns it also asks the name servers of the document whether the DNS fits it: reverse names and greetings, MX, SPF, MTA-STS and TLS reports of its domains, DKIM keys, the health of its DNS lists. docs/dns.md says what is wanted of each. What could not be looked up is `cannot tell`, and fails nothing.',
    options: [
      config,
      env,
      [
        '--dns',
        'also compare the DNS with the document; asks its name servers, and nobody else but the servers of its MTA-STS policies',
      ],
      [
        '--dkim-selector <domain=selector...>',
        'with --dns: keys that mail of its domains is signed with, such as example.com=s1',
      ],
      json,
      ...reports,
    ],
    exits: [
      [0, 'the document can be served, and --dns found no problem'],
      [1, 'it cannot, or --dns found a problem'],
    ],
    load: () => import('./commands/check.ts'),
  },
  {
    name: 'graph',
    summary: 'print the compiled graph',
    details:
      'A short text, or with --json the canonical graph whose hash names it. -o writes the bundle that `serve --graph` and `apply --graph` take.',
    options: [
      config,
      graphFile,
      env,
      json,
      ['-o, --output <file>', 'write the bundle to a file; - for standard output'],
    ],
    exits: [
      [0, 'printed'],
      [1, 'the document cannot be compiled'],
    ],
    load: () => import('./commands/graph.ts'),
  },
  explainCommand({ source: [config, graphFile, env], stateDir, json }),
  {
    name: 'test',
    summary: 'run the tests that stand beside a document',
    details:
      'Reads `mailgw.test.{ts,mts,yaml,yml,json}` and `*.mailgw.test.*` beside the document, or the files named. Each case is evaluated by the same code as `explain`; an oracle that is not assumed is followed for every answer. docs/testing.md says how tests are written.',
    arguments: [['[files...]', 'files of tests; without any, those beside the document']],
    options: [
      config,
      graphFile,
      env,
      json,
      ['--junit <file>', 'also write the results as JUnit XML'],
      ['--coverage', 'say what of the graph no test has reached'],
      ['--min-coverage <percent>', 'fail when tests reach less of the graph'],
      ['--mutate', 'say which mistakes in the document no test would notice'],
      ['--suggest', 'the same, with a test for each as a row of YAML'],
      ['--suggest-at-most <n>', 'for how many of them a test is looked for (default: 40)'],
      ['--from-log <file>', 'print tests made of recorded envelopes (NDJSON, - for standard input) and run none'],
      ['--smtp', 'also submit every case to a gateway on loopback, with stubs for all that it speaks to'],
    ],
    exits: [
      [0, 'all tests passed'],
      [1, 'a test failed, or something cannot be read'],
    ],
    load: () => import('./commands/test.ts'),
  },
  {
    name: 'prove',
    summary: 'prove what must hold for every message, or show one for which it does not',
    details:
      'All claims of `prove:`, and what every gateway should hold: no open relay, no loops, a way for every domain of ours, postmaster, notifications. A claim that does not hold comes with a message, the way it takes through the document, and the command that explains it. What a proof rests on and cannot see is printed with it. docs/prove.md says what each claim means.',
    options: [
      config,
      graphFile,
      env,
      ['--running', 'prove it of the graph that the gateway serves now'],
      stateDir,
      ['--beside <file...>', 'graphs of the other gateways that mail may come back from, for noLoops'],
      json,
    ],
    exits: [
      [0, 'all that must hold holds'],
      [1, 'something does not, or could not be decided'],
    ],
    load: () => import('./commands/prove.ts'),
  },
  {
    name: 'plan',
    summary: 'say what a document changes for mail',
    details:
      'Compares the document with what is given as the base, for all messages and not for a sample: each change with who, to whom, from what to what, the lines of both documents that cause it, and one message as an example. Everything else is proved to be unchanged. docs/plan.md explains how to read it.',
    options: [
      config,
      graphFile,
      env,
      base,
      stateDir,
      ['-o, --output <file>', 'also save the plan, for plan show and apply'],
      ...planForms,
      ...replay,
    ],
    exits: [
      [0, 'nothing changes'],
      [2, 'something changes, and all that must hold holds'],
      [1, 'an error, or something that must hold does not'],
    ],
    load: () => import('./commands/plan.ts'),
  },
  {
    name: 'plan show',
    summary: 'print a saved plan',
    details: 'In any of the forms of `mailgw plan`. A plan of another format says which mailgw wrote it.',
    arguments: [['[file]', 'a plan that `mailgw plan -o FILE` saved']],
    options: [...planForms],
    exits: [
      [0, 'shown'],
      [1, 'the plan cannot be read'],
    ],
    load: () => import('./commands/plan-show.ts'),
  },
  {
    name: 'ci',
    summary: 'check, test, prove and plan in one run, for a pull request',
    details:
      'Prints what each step says and writes the comment for the pull request, whatever comes of it. Where no gateway can be reached, as in a pull request from a fork, the base is a revision of git. docs/ci.md is a walk-through, examples/ci has ready workflows.',
    options: [
      config,
      env,
      base,
      stateDir,
      ['--comment <file>', 'write the comment of the pull request, at most 60,000 characters'],
      ['-o, --output <file>', 'save the plan, for plan show and apply'],
      ...reports,
      ...replay,
    ],
    exits: [
      [0, 'all that must hold holds, whether or not something changes'],
      [1, 'an error, a failed test, or a proof that does not hold'],
    ],
    load: () => import('./commands/ci.ts'),
  },
  {
    name: 'apply',
    summary: 'put a document live, on the running gateway or on all that it names',
    details:
      'Compiles, uploads and has every gateway prepare (secrets, certificates, sockets, tables, the witnesses of the plan); what fails there changes nothing anywhere. Then wave after wave is activated and watched, and all are confirmed at the end; when anything trips (a gate, a decision that nobody reviewed, a gateway that falls silent, Ctrl-C), all go back, and so they do by themselves when this command dies. Sessions stay; each mail transaction ends under the graph that it began with. Without gateways in the document, or with --state-dir, the one gateway of that folder is changed. A review (PLANFILE or --expect) holds as long as what changes for mail is still the same, whatever became active since.',
    arguments: [['[planfile]', 'a plan written by `mailgw plan -o FILE`: its change set is what was reviewed']],
    options: [
      config,
      graphFile,
      env,
      stateDir,
      [
        '--base <hash>',
        'graph that must be active now; another one stops the apply (default: whatever is active when apply starts)',
      ],
      ['--expect <hash>', 'hash of the change set that was reviewed, such as c1:...; another one stops the apply'],
      ['--gateways <names>', 'only these gateways or groups, divided by commas (default: all of the environment)'],
      [
        '--waves <waves>',
        'gateways, groups, shares or all, in order, such as canary,25%,all (default: the groups of the document; without groups one gateway at a time)',
      ],
      ['--bake <time>', 'watch each wave for so long before the next one, such as 5m'],
      [
        '--gate <name=share...>',
        'roll back above it: reject-rate=2%, defer-rate=5%, failure-rate=1%; min-messages=20 says from how many on',
      ],
      [
        '--confirm-within <time>',
        'time for all waves; what is not confirmed by then goes back by itself (default: the bakes and one minute)',
      ],
      ['--max-changed <n>', 'refuse a change of more than n classes of recipients that is not acknowledged'],
      ['--ack <hash>', 'hash of the change set that is acknowledged'],
      ['--hold-queue', 'try nothing until the confirm towards queued recipients whose route changes'],
      ['--reason <text>', 'why, for the journal of each gateway'],
      ['--dry-run', 'prepare only'],
      json,
    ],
    exits: [
      [0, 'active'],
      [1, 'failed, the old graph is active'],
      [2, 'the base moved, or what changes is not what was reviewed'],
    ],
    load: () => import('./commands/apply.ts'),
  },
  {
    name: 'drift',
    summary: 'compare what the gateways serve with the document in git',
    details:
      'Asks every gateway of the document (without any, or with --state-dir, the one of that folder) for its active graph, the commit it was applied from, an activation that is not confirmed, and overlays. The document of HEAD counts, whatever lies in the folder; outside of a repository the document as it is.',
    options: [config, env, stateDir, ['--revision <name>', 'git revision whose document counts (default: HEAD)'], json],
    exits: [
      [0, 'every gateway serves it'],
      [1, 'nobody can tell: a gateway does not answer, or the document has errors'],
      [2, 'a gateway serves another graph, or one that is not confirmed'],
    ],
    load: () => import('./commands/drift.ts'),
  },
  {
    name: 'rollback',
    summary: 'go back to a graph that was active before',
    details:
      'On one gateway, or on all that are chosen, each to its own graph before: out of a trial, or to the graph before, or to the given one of the newest ten that were active (a hash, or its first characters as `history` shows them). It is prepared like every other graph. What was delivered meanwhile stays delivered.',
    arguments: [['[hash]', 'graph to go to; without it the one before']],
    options: [stateDir, ...fleet, config, env, ['--reason <text>', 'goes into the journal'], json],
    exits: [
      [0, 'the other graph is active'],
      [1, 'no gateway answers, or it cannot serve that graph; nothing was changed'],
    ],
    load: () => import('./commands/rollback.ts'),
  },
  {
    name: 'history',
    summary: 'show who put which graph live, when and why',
    details:
      'The newest entries of the journal, oldest first. Follows the chain of the whole journal, and says whether it is what the gateway wrote.',
    options: [stateDir, ...fleet, config, env, ['--limit <n>', 'at most n entries (default 20)'], json],
    exits: [
      [0, 'shown; the chain is whole'],
      [1, 'no gateway answers, or the chain is broken'],
    ],
    load: () => import('./commands/history.ts'),
  },
  ...keyCommands(json),
  passwdCommand(json),
  {
    name: 'status',
    summary: 'show what the running gateway does',
    details:
      'Version, graph hash, listeners, sessions, certificates and when they expire, queue, next hops, memory and the longest gap of the event loop.',
    options: [stateDir, json],
    exits: [
      [0, 'shown'],
      [1, 'no gateway answers'],
    ],
    load: () => import('./commands/status.ts'),
  },
  metricsCommand(stateDir),
  tlsrptCommand(json),
  ...dnsCommands({ config, graphFile, env, stateDir, json }),
  ...destCommands(stateDir, json),
  ...queueCommands(stateDir, json),
  ...overlayCommands(stateDir, json),
  ...recipientCommands(stateDir, json),
  ...lookCommands({ config, graphFile, env, stateDir, json }),
  {
    name: 'stop',
    summary: 'stop the running gateway',
    details:
      'Drains: no new sessions, running transactions end, what is on the wire is finished. Queued mail stays queued.',
    options: [stateDir, ['--now', 'cut sessions at once; the spool keeps every accepted message']],
    exits: [
      [0, 'stopped'],
      [1, 'no gateway answers'],
    ],
    load: () => import('./commands/stop.ts'),
  },
]
