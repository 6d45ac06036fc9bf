import { base } from './check.ts'

/** Documents that have every key of schedules and notifications, none at its default. */

const text = 'Leider nicht:\n{each}\n{recipient} {reason}\n{end}'
const other = 'Nein:\n{each}\n{recipient}\n{end}'
const kinds = ['failed', 'delayed', 'delivered', 'relayed', 'expanded']

const waits = {
  schedule: ['1m', '2m'],
  expireAfter: '6d',
  warnAfter: '3h',
  maxAttempts: 9,
  schedules: {
    zz: { schedule: ['3m'], expireAfter: '5d', warnAfter: '2h', maxAttempts: 8 },
    quick: { schedule: '4m', expireAfter: '3h', warnAfter: 'off', maxAttempts: 2 },
  },
}

const told = {
  ...base,
  relays: { isp: { hosts: 'isp.com', retry: 'quick', dsn: 'never' }, zz: { hosts: 'zz.com' } },
  destinations: { 'a.com': { retry: 'zz', dsn: 'never' } },
  localMx: { '*': { relay: 'isp' }, 'zz.com': { relay: 'zz' } },
  retry: waits,
  notifications: {
    from: 'service@corp.com',
    copy: { to: 'watch@corp.com', of: ['failed', 'delayed'] },
    doubleBounce: 'postmaster',
    limit: '5/1h',
    language: 'de',
    texts: Object.fromEntries(kinds.map((kind) => [kind, { subject: `${kind}: {subject}`, text }])),
    reasons: { '5.1.1': 'Das gibt es nicht.', attempts: 'Zu oft.' },
  },
}

/** Each with values that are right somewhere in it. */
export const noticeCases = [
  {
    document: told,
    candidates: [
      ...['7m', '2d', '7h', 'off', 'zz', 'quick', 'zz@corp.com', 'relayed', 'expanded', 'drop', '7/1m', 'fr', other],
      ...[3, 5, 'never', 'isp', 'isp.org', '127.0.0.1:2599', 'mx', 'submission'],
    ],
  },
] as const
