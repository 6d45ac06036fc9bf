import type { Change, ChangeSet } from '../../src/analysis/change-set.ts'
import type { Proof } from '../../src/analysis/proof.ts'
import type { Plan } from '../../src/cli/plan/plan.ts'
import type { Behaviour } from '../../src/graph/behaviour.ts'
import { everyMessage } from '../../src/graph/box.ts'

const to = (host: string, port: number): Behaviour => ({
  kind: 'accepted',
  finals: [
    {
      mailbox: 'x@example.com',
      route: { kind: 'hosts', text: `to ${host}:${port}`, hosts: [{ host, port }], tls: 'may', user: null },
    },
  ],
})
export const refused: Behaviour = {
  kind: 'refused',
  stage: 'rcpt',
  code: 550,
  status: '5.7.1',
  text: 'relaying denied',
}
const message = {
  listener: 'smtp',
  client: '192.0.2.1',
  sender: 'a@elsewhere.example',
  recipient: 'x@example.com',
  sizeBytes: null,
  hops: null,
}

export const rerouted: Change = {
  kind: 'rerouted',
  box: { ...everyMessage, recipients: [{ pattern: 'example.com', except: [] }] },
  moves: [{ from: 'to bart:26', to: 'to lisa:25', classes: 1 }],
  causes: [
    { side: 'before', at: 'localMx["example.com"]', file: 'mailgw.config.ts', line: 25, column: 5 },
    { side: 'after', at: 'localMx["example.com"]', file: 'mailgw.config.ts', line: 26, column: 5 },
  ],
  witness: { message, answers: {}, from: to('bart', 26), to: to('lisa', 25) },
}

export const relayed: Change = {
  kind: 'relayed-from-outside',
  box: {
    ...everyMessage,
    clients: [{ pattern: '203.0.113.0/24', except: ['203.0.113.7/32'] }],
    recipients: [{ pattern: '*', except: ['example.com', '*.corp.example'] }],
    oracles: { 'dnsbl.zen': ['clear', 'error'] },
  },
  moves: [
    {
      from: 'refused 550 5.7.1 relaying denied',
      to: 'to mail.isp.example:25',
      classes: 12,
      recipients: [{ pattern: '*', except: ['b.example', 'example.com', '*.corp.example'] }],
    },
    {
      from: 'refused 550 5.7.1 relaying denied',
      to: 'to bart:26',
      classes: 1,
      recipients: [{ pattern: 'b.example', except: [] }],
    },
  ],
  causes: [{ side: 'after', at: 'trusted["203.0.113.0/24"]', file: 'mailgw.config.ts', line: 20, column: 14 }],
  witness: {
    message: { ...message, client: '203.0.113.8', recipient: 'x@elsewhere.example', sizeBytes: 1200, hops: 3 },
    answers: { 'dnsbl.zen': 'clear' },
    from: refused,
    to: to('mail.isp.example', 25),
  },
}

export const changeSet: ChangeSet = {
  format: 'mailgw-changes/1',
  hash: `c1:${'a'.repeat(52)}`,
  base: `g1:${'b'.repeat(52)}`,
  next: `g1:${'c'.repeat(52)}`,
  changes: [relayed, rerouted],
  destinations: [
    {
      kind: 'refused',
      destinations: [{ pattern: '198.51.100.0/24', except: [] }],
      from: 'allowed',
      to: 'refused 550 5.7.1 not there',
      causes: [{ side: 'after', at: 'deny[0]', file: 'mailgw.config.ts', line: 40, column: 5 }],
      witness: '198.51.100.1',
    },
  ],
  settings: [
    { at: 'limits.maxRecipients', from: '100', to: '1000' },
    { at: 'listeners.inside', from: null, to: '127.0.0.1:2526' },
  ],
  unknown: [],
}

const proved: Proof = {
  claim: '',
  at: null,
  verdict: 'PROVED',
  severity: 'error',
  reason: 'it holds',
  assumes: [],
  witness: null,
  findings: [],
}

/** A proof that does not hold, with all that it can say. */
export const violated: Proof = {
  ...proved,
  claim: 'noOpenRelay()',
  verdict: 'VIOLATED',
  reason: '192.0.2.1, who is not internal, can send to x@elsewhere.example, who is not ours',
  witness: {
    message,
    answers: { 'dnsbl.zen': 'clear' },
    behaviour: to('bart', 26),
    deciders: [{ stage: 'rcpt', at: 'relaying', file: 'mailgw.config.ts', line: 9, column: 3 }],
    explain: 'mailgw explain --client 192.0.2.1 --to x@elsewhere.example',
  },
  findings: [{ at: 'relaying', file: 'mailgw.config.ts', line: 9, column: 3, message: 'lets everybody relay' }],
}

export const plan: Plan = {
  format: 'mailgw-plan/1',
  version: '0.0.0',
  base: {
    kind: 'revision',
    name: 'main',
    hash: changeSet.base,
    commit: '0123456789abcdef0123456789abcdef01234567',
    changed: false,
    document: 'site/mailgw.config.ts',
    env: null,
  },
  next: {
    kind: 'document',
    name: 'site/mailgw.config.ts',
    hash: changeSet.next,
    commit: 'fedcba9876543210fedcba9876543210fedcba98',
    changed: true,
    document: 'site/mailgw.config.ts',
    env: null,
  },
  changeSet,
  lines: [
    { side: 'before', file: 'mailgw.config.ts', line: 25, text: "    'example.com': host('bart', 26)," },
    { side: 'after', file: 'mailgw.config.ts', line: 26, text: "    'example.com': host('lisa')," },
    { side: 'after', file: 'mailgw.config.ts', line: 20, text: "  trusted: ['203.0.113.0/24']," },
  ],
  networks: { '203.0.113.0/24': 'trusted', '203.0.113.7/32': 'client scanner' },
  proofs: [
    { ...proved, claim: 'noLoops()' },
    {
      ...proved,
      claim: 'noOpenRelay()',
      verdict: 'PROVED-IF',
      assumes: ['addresses of clients are real', 'nobody else is behind 203.0.113.0/24'],
    },
  ],
  tests: { passed: 12, failed: 0, failures: [] },
  queue: {
    recipients: 1204,
    complete: true,
    moves: [
      {
        from: 'bart:26',
        to: 'lisa:25',
        recipients: 1203,
        example: { id: '0000abcd', recipient: 'x@example.com' },
      },
    ],
  },
  overlays: [
    {
      id: 'deny-7f3a1c',
      owner: 'ann',
      reason: 'a flood',
      says: 'client 192.0.2.0/24',
      until: 1_790_000_000_000,
    },
  ],
  replay: {
    source: 'the last 7 days',
    records: 20_000,
    since: 1_790_000_000_000,
    until: 1_790_600_000_000,
    changes: [
      { records: 0, clients: 0, moves: [] },
      { records: 1287, clients: 31, moves: [{ from: 'to bart:26', to: 'to lisa:25', records: 1287 }] },
    ],
    outside: { records: 0, moves: [] },
    unknown: { oracles: { 'dnsbl.zen': 12 }, hashed: 0, unreadable: 1 },
  },
}

/** A plan with this many changes, of which `dangerous` are. */
export function longPlan(count: number, dangerous: number): Plan {
  const changes = Array.from({ length: count }, (_, i) => ({
    ...(i < dangerous ? relayed : rerouted),
    box: { ...rerouted.box, recipients: [{ pattern: `d${i}.example`, except: [] }] },
  }))
  return { ...plan, changeSet: { ...changeSet, changes }, replay: null }
}
