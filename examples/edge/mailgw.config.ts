import { defineConfig, host, mx, reject, table } from 'mailgw'

// A gateway at the edge of a company: the internet on 25, people on 465 and 587, printers on a port of the LAN.
// docs/front-door.md walks through it.
export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'it@corp.example',
  listeners: {
    // Other mail servers. They cannot log in, and some of them have no TLS.
    internet: {
      kind: 'mx',
      bind: ['203.0.113.25:25', '[2001:db8::25]:25'],
      hostname: 'mx1.corp.example',
      tls: 'offered',
      greetingDelay: '2s',
      earlyTalkers: 'refuse',
    },
    // People: TLS from the first octet (RFC 8314), or by STARTTLS for programs that know no better.
    submissions: {
      kind: 'submission',
      bind: ['203.0.113.25:465', '[2001:db8::25]:465'],
      tls: 'implicit',
      login: 'required',
    },
    submission: {
      kind: 'submission',
      bind: ['203.0.113.25:587', '[2001:db8::25]:587'],
      tls: 'required',
      login: 'required',
    },
    // Devices without TLS and without a login. The port is closed to everybody else.
    lan: { kind: 'internal', bind: '10.20.0.1:25', allowFrom: '10.20.0.0/16', vrfy: '10.20.0.0/16', time: true },
  },
  certificates: {
    main: { cert: '/etc/mailgw/main.pem', key: '/etc/mailgw/main.key' },
  },
  credentials: [
    {
      id: 'directory',
      ldap: {
        urls: ['ldaps://ldap1.corp.example', 'ldaps://ldap2.corp.example'],
        dn: 'mail={login},ou=people,dc=corp,dc=example',
        addresses: 'mailAlternateAddress',
      },
      // Whoever is in the file can still log in when the directory is down.
      onError: 'next',
    },
    { id: 'emergency', file: '/etc/mailgw/users' },
  ],
  clients: {
    people: {
      logins: '*@corp.example',
      internal: true,
      senders: 'own',
      rates: { messages: ['30/1m', '500/1d'], recipients: '1000/1d' },
    },
    printers: {
      networks: '10.20.0.0/16',
      internal: true,
      senders: ['scanner@corp.example'],
      recipients: ['corp.example'],
      maxSize: '10MiB',
      rates: { messages: '60/1h' },
    },
  },
  domains: {
    'corp.example': { kind: 'relay', recipients: table('people.tsv') },
  },
  localMx: {
    'corp.example': host('mail.corp.example'),
    '*': mx(),
  },
  dnsbl: [{ id: 'zen', zone: 'zen.dnsbl.example', onError: 'ignore' }],
  checks: {
    senderDomain: { onError: 'ignore' },
    // Written to the log alone, until somebody has looked at what it would have refused.
    reverse: { onError: 'ignore', mode: 'observe' },
  },
  deny: [
    {
      id: 'our-own-name',
      when: { helo: ['corp.example', '*.corp.example'], listener: 'internet' },
      then: reject(550, 'that is our name'),
    },
  ],
  bans: { except: ['10.20.0.0/16'] },
  limits: { commandsPerMinute: 600, minBytesPerSecond: 100 },
  prove: ['noOpenRelay', 'authOnlyOverTls', 'postmasterAndAbuseAccepted', 'noLoops'],
})
