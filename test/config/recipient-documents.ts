import { base } from './check.ts'

const usual = { onError: 'defer', timeout: '7s', cache: { positive: '3h', negative: '5m', stale: '2d', entries: 77 } }

/** Documents with every key of `recipientChecks`, `learnSizes` and `domains.NAME.verify`, and values to try each leaf with. */
export const recipientCases = [
  {
    document: {
      ...base,
      localMx: { 'a.com': 'bart:26', 'b.com': 'bart:26', 'c.com': 'bart:26', 'corp.example': { hold: 'later' } },
      domains: {
        'corp.example': 'local',
        'a.com': { kind: 'relay', verify: 'directory', unknown: { catchAll: 'ann@corp.example' } },
        'b.com': { kind: 'relay', verify: 'web', recipients: ['bob'] },
        'x.corp.example': { kind: 'local', verify: 'other' },
        'c.com': { kind: 'relay', verify: 'hop' },
      },
      learnSizes: 'on',
      recipientChecks: {
        directory: {
          ldap: {
            urls: ['ldaps://a.example', 'ldaps://b.example'],
            ca: '/etc/ca.pem',
            base: 'dc=corp',
            filter: '(mail={address})',
            scope: 'one',
            bind: { dn: 'cn=gw', password: { $secret: 'env:LDAP' } },
            connections: 9,
          },
          ...usual,
        },
        other: {
          ldap: { urls: 'ldap://127.0.0.1', startTls: true, base: 'dc=corp', filter: '(uid={localPart})' },
          ...usual,
        },
        web: {
          http: {
            url: 'https://a.example/',
            header: { name: 'X-Key', value: { $secret: 'env:KEY' } },
            ca: '/etc/ca.pem',
          },
          ...usual,
        },
        hop: { callout: { perMinute: 60 }, ...usual },
      },
    },
    candidates: [
      ...['on', 'off', 'accept', 'defer', '8s', '6h', '6m', '6d', 88, 'directory', 'other', 'web', 'local', 'relay'],
      ...[
        'ldaps://zz.example',
        'ldap://127.0.0.2',
        '/etc/other.pem',
        'dc=zz',
        'cn=zz',
        '(zz={address})',
        'base',
        'env:ZZ',
      ],
      ...[
        'https://zz.example/',
        'X-Other',
        'zz',
        'bob@corp.example',
        'bart:27',
        'mx',
        'submission',
        '127.0.0.1:2599',
        false,
      ],
    ],
  },
]
