import { bySender, defineConfig, file, microsoft365, via } from 'mailgw'

// Printers and machines without TLS or login, in front of Microsoft 365, which takes no passwords any more.
// docs/microsoft-365.md goes through it step by step, from nothing to the first page that is scanned to a mailbox.
const organisation = {
  tenant: '11111111-2222-3333-4444-555555555555',
  clientId: '66666666-7777-8888-9999-000000000000',
  // The client secret, in a file that only the gateway's user can read.
  secret: file.secret('/etc/mailgw/microsoft-365.secret'),
}

export default defineConfig({
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: {
    // An address of the LAN, which no firewall lets strangers reach.
    lan: { kind: 'internal', bind: '10.20.0.5:25', maxSize: '35MB' },
  },
  relaying: 'outbound',
  clients: {
    // A printer is a client and not a hole: these senders, to us alone, and no more than a printer prints.
    printers: {
      networks: '10.20.0.0/16',
      internal: true,
      senders: ['scanner@corp.example'],
      recipients: ['corp.example'],
      maxSize: '25MB',
      rates: { messages: ['10/1m', '500/1d'] },
    },
    machines: { networks: '10.30.0.0/16', internal: true, senders: ['alerts@corp.example', 'scanner@corp.example'] },
  },
  relays: {
    // Each mailbox has limits of its own at Microsoft; the two share one application, and one token.
    scanner: microsoft365({ ...organisation, mailbox: 'scanner@corp.example' }),
    alerts: microsoft365({ ...organisation, mailbox: 'alerts@corp.example' }),
    // Without any login, for mail to ourselves alone: a connector of the organisation that knows our public address.
    //   connector: { hosts: 'corp-example.mail.protection.outlook.com:25', tls: 'verify' },
    // High Volume Email has accounts and a host of its own, and its own limits: write rate and connections as it tells you.
    //   bulk: { ...microsoft365({ ...organisation, mailbox: 'bulk@corp.example' }), hosts: 'smtp-hve.office365.com:587' },
  },
  localMx: {
    // Microsoft sends only for the mailbox that logged in (or that it may send as): each sender has its own way.
    '*': bySender({
      'scanner@corp.example': via('scanner'),
      '*': via('alerts'),
    }),
  },
  // What waits longer than a day is of no use to who scanned it.
  retry: { schedule: ['1m', '5m', '15m', '1h'], expireAfter: '1d' },
  prove: ['noOpenRelay', { tlsFloor: { pattern: '*', level: 'verify' } }],
})
