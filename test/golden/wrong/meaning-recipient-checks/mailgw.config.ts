import { catchAll, defineConfig, env } from 'mailgw'

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { smtp: { kind: 'mx', bind: '127.0.0.1:2525' } },
  relaying: 'two-way',
  trusted: '10.0.0.0/8',
  recipientChecks: {
    staff: {
      ldap: {
        urls: 'ldap://ldap.corp.example',
        startTls: false,
        base: 'corp',
        filter: '(mail={login})',
        bind: { dn: 'cn=mailgw,dc=corp', password: env.secret('LDAP') },
      },
      onError: 'defer',
      timeout: '1m',
    },
    both: { http: { url: 'https://directory.corp.example/' }, callout: true, onError: 'accept' },
    none: { onError: 'accept' },
    hop: { callout: { perMinute: 10 }, onError: 'accept' },
    unused: { callout: true, onError: 'accept' },
  },
  domains: {
    'corp.example': { kind: 'local', verify: 'hop' },
    'held.example': { kind: 'relay', verify: 'hop' },
    'any.example': { kind: 'relay', recipients: 'any', verify: 'staff' },
    'park.example': { kind: 'relay', verify: 'staff', unknown: 'park' },
    'lost.example': { kind: 'relay', verify: 'staf', unknown: catchAll('lost@corp.example') },
  },
  // A domain of others has no key for it: nobody may be made to ask a stranger's host about a stranger's mailbox.
  localMx: { 'held.example': { hold: 'until monday' }, '*.example': 'bart:25', '*': 'mx' },
})
