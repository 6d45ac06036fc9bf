import { z } from 'zod'
import { defaults } from './defaults.ts'
import { admin } from './schema-admin.ts'
import { bans } from './schema-bans.ts'
import { claim } from './schema-claims.ts'
import { archive, journal, rewrite, srs } from './schema-copies.ts'
import { credential } from './schema-credentials.ts'
import { gateway } from './schema-gateways.ts'
import { certificate } from './schema-line.ts'
import { destination, egressPool } from './schema-next-hop.ts'
import { notifications, retry } from './schema-notices.ts'
import { recipientCheck } from './schema-recipients.ts'
import { checks, client, denyList, dnsblList, dnsblThreshold, softBounce } from './schema-refusal.ts'
import {
  domain,
  envelopeLog,
  limits,
  listener,
  network,
  relay,
  relaying,
  resolver,
  target,
  timeouts,
} from './schema-sections.ts'
import { tlsPolicy, tlsReports } from './schema-tls-policy.ts'
import { count, keys, list, listOrTable, many, named, oneOf, rowsOrTable, text } from './schema-values.ts'

/**
 * The structure of a document: its one source at run time. `schemas/mailgw.v1.schema.json` and `docs/config.md` are
 * generated from it. Of each key: what it is, its default, an example.
 */
export const schema = keys({
  $schema: text().meta({ description: 'For editors.' }).optional(),
  apiVersion: z
    .literal('mailgw/1', { error: () => '"mailgw/1"' })
    .meta({ description: 'Version of the language of this document.', default: defaults.apiVersion })
    .optional(),
  hostname: text("a host name, such as 'gw.corp.example'").meta({
    description:
      "The gateway's own name: greeting, EHLO, Received, notifications. At least two labels; `gw.localhost` or `gw.test` in a lab.",
    examples: ['gw.corp.example'],
  }),
  postmaster: text('a mailbox').meta({
    description:
      'Mailbox of whoever runs the gateway: gets mail for `<postmaster>` (RFC 5321 §4.5.1), and is the contact in notifications.',
    examples: ['postmaster@corp.example'],
  }),
  listeners: named(listener, 'listeners by name').meta({
    description: 'Sockets that take SMTP, by name.',
    examples: [{ lan: { kind: 'internal', bind: '127.0.0.1:2525' } }],
  }),
  certificates: named(certificate, 'certificates by name')
    .meta({
      description:
        'Certificates of the gateway, by name, for `listeners.NAME.tls`. The files are read on the gateway, and again when they were renewed.',
      examples: [{ main: { cert: '/etc/mailgw/main.pem', key: '/etc/mailgw/main.key' } }],
    })
    .optional(),
  credentials: list(credential, 'credentials')
    .meta({
      description:
        'What stands behind a login, asked in this order: who is unknown to one is asked of the next, a refusal is the end.',
      examples: [
        [{ id: 'staff', ldap: { urls: 'ldaps://ldap.corp.example', dn: 'uid={login},ou=people,dc=corp,dc=example' } }],
      ],
    })
    .optional(),
  bans: bans
    .meta({
      description:
        'Who misbehaves is kept out for a while, with these numbers where none are written. Without this section nobody is; failed logins are answered late all the same, by 1s and up to 10s.',
      examples: [{ failures: 10, for: '30m' }],
    })
    .optional(),
  domains: named(domain, 'domains by pattern')
    .meta({
      description:
        'Domains that this gateway answers for, by pattern: `a.example` exactly, `*.a.example` any depth below but not `a.example`. The most specific pattern wins.',
      examples: [{ 'corp.example': 'local' }],
    })
    .optional(),
  trusted: listOrTable(network)
    .meta({
      description:
        'Networks whose clients are internal: short for one client named `trusted`. Table column: `network`.',
      examples: [['10.0.0.0/8']],
    })
    .optional(),
  clients: named(client, 'clients by name').meta({ description: 'Clients by name, with what they may do.' }).optional(),
  relaying: relaying
    .meta({
      description:
        'Who may send to whom. `local-only`: internal clients to local domains. `outbound`: internal clients to anywhere. `two-way`: that, and anybody to local domains. Nobody from outside relays to the outside.',
      default: defaults.relaying,
    })
    .optional(),
  relays: named(relay, 'relays by name').meta({ description: 'Smart hosts and other relays, by name.' }).optional(),
  localMx: rowsOrTable(target, 'targets by pattern')
    .meta({
      description:
        'Where mail goes, by domain pattern; the most specific wins: exact, then the longest `*.suffix`, then `*`. Local domains need no row. Table columns: `pattern`, `target`.',
      examples: [{ '*.lab.example': 'bart:26', '*': { relay: 'isp' } }],
    })
    .optional(),
  dnsbl: dnsblList
    .meta({ description: 'DNS lists that unknown clients are looked up in, in order; the first hit decides.' })
    .optional(),
  dnsblThreshold: dnsblThreshold
    .meta({
      description: 'Sum of the weights of DNS lists at which the list that reached it decides (`dnsbl[].weight`).',
      examples: [5],
    })
    .optional(),
  checks: checks
    .meta({
      description:
        'Questions about senders from outside that the DNS answers, asked at RCPT before the DNS lists, so that postmaster stays reachable.',
      examples: [{ senderDomain: { onError: 'ignore' }, reverse: { onError: 'ignore', mode: 'observe' } }],
    })
    .optional(),
  recipientChecks: named(recipientCheck, 'checks of recipients by name')
    .meta({
      description:
        'Questions whether a recipient of a domain of ours exists, asked at RCPT as the last thing before it is accepted, by name for `domains[].verify`. `docs/recipients.md` says more.',
      examples: [{ staff: { callout: true, onError: 'defer' } }],
    })
    .optional(),
  learnSizes: oneOf(['on', 'off'])
    .meta({
      description:
        'The size limit that a next hop announced within the last day is held against the size that a client announces: 552 5.3.4 at RCPT, in place of a notification later.',
      default: defaults.learnSizes,
    })
    .optional(),
  softBounce: softBounce
    .meta({
      description:
        'Each refusal for good (5yz) that this document makes is one for now (4yz), also by rows of `localMx`, so that no mail is lost while a new document is tried. `mailgw status` says so as long as it holds.',
      default: defaults.softBounce,
    })
    .optional(),
  deny: denyList.meta({ description: 'Rules that refuse; the first that matches, in this order, decides.' }).optional(),
  aliases: rowsOrTable(many('a mailbox'), 'mailboxes by alias')
    .meta({
      description:
        'Other names of mailboxes in local domains. Chains are followed. Table columns: `alias`, `to` (several divided by commas).',
      examples: [{ 'sales@corp.example': ['ann@corp.example', 'bob@corp.example'] }],
    })
    .optional(),
  destinations: named(destination, 'destinations by pattern')
    .meta({
      description:
        'What holds towards next hops that are no relay, by domain (`mx()`) or by the name of the first host: `a.example` exactly, `*.a.example` any depth below, `*` all. The most specific pattern counts, and it alone. `mx-host:*.protection.outlook.com` holds for all domains together whose nearest MX host is there (docs/shaping.md), where they have no row of their own.',
      examples: [{ 'gmail.com': { connections: 10, rate: '300/1m' }, '*': { messagesPerConnection: 100 } }],
    })
    .optional(),
  egress: named(egressPool, 'pools of source addresses by name')
    .meta({
      description:
        'Pools of addresses that connections to next hops come from, by name. The pool named `default` is that of all that name none; without it the system chooses.',
      examples: [{ default: ['192.0.2.1', '2001:db8::1'], bulk: ['192.0.2.8', '192.0.2.9'] }],
    })
    .optional(),
  limits: limits.meta({ description: 'Limits.' }).optional(),
  timeouts: timeouts.meta({ description: 'Timeouts.' }).optional(),
  retry: retry.meta({ description: 'When undelivered mail is tried again.' }).optional(),
  notifications: notifications
    .meta({ description: 'What senders are told of their mail (RFC 3464), and how.' })
    .optional(),
  resolver: resolver.meta({ description: 'DNS.' }).optional(),
  rewrite: rewrite
    .meta({
      description:
        'Addresses of mail from internal clients that become others, in the reverse-path when the mail comes and in the header when it leaves. Breaks signatures that the mail has already.',
      examples: [{ addresses: { '*.host.internal': 'corp.example' } }],
    })
    .optional(),
  srs: srs
    .meta({ description: 'Sender of mail that is forwarded: an address of ours that leads back (SRS).' })
    .optional(),
  journal: journal
    .meta({
      description:
        'Copies of messages for a journal, stored with the message itself. Notifications of the gateway are not copied.',
      examples: [[{ to: 'journal@archive.example', match: { direction: 'out' } }]],
    })
    .optional(),
  archive: archive
    .meta({
      description: 'Copies on the gateway of messages that left its queue.',
      examples: [{ failed: { dir: 'archive/failed' } }],
    })
    .optional(),
  envelopeLog: envelopeLog
    .meta({
      description:
        'One line for each decision about a recipient, in the state folder: what `mailgw plan --replay` and `mailgw explain ID` read.',
      examples: [{ keep: '14d', localParts: 'hashed' }, 'off'],
    })
    .optional(),
  tlsPolicy: tlsPolicy
    .meta({
      description:
        'What is asked of the owners of other hosts before mail goes to them, beside the level of the route.',
      examples: [{ dane: 'off' }],
    })
    .optional(),
  tlsReports: tlsReports
    .meta({
      description:
        'Reports on TLS (RFC 8460), once a day, to the owners of the domains that mail went to and that ask for them.',
      default: defaults.tlsReports,
      examples: [{ organization: 'Corp Example' }],
    })
    .optional(),
  mxPort: count(1, 65_535)
    .meta({ description: 'Port towards MX hosts; another one than 25 only in a lab.', default: defaults.mxPort })
    .optional(),
  prove: list(claim, 'claims')
    .meta({
      description:
        'What must hold for every message, whatever the rest says: `mailgw prove` proves it or shows a message for which it does not hold. The first nine words are about the whole gateway, and `check` proves most of them unasked.',
      examples: [['noOpenRelay', { tlsFloor: { pattern: '*.partner.example', level: 'verify' } }]],
    })
    .optional(),
  admin: admin
    .meta({
      description:
        'The admin API over TCP, for `apply` from another machine. Without it the gateway is reached by its unix socket alone.',
      examples: [
        {
          bind: '127.0.0.1:8443',
          tokens: {
            ci: { sha256: '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef', scopes: ['read'] },
          },
        },
      ],
    })
    .optional(),
  gateways: named(gateway, 'gateways by name')
    .meta({
      description:
        'The gateways that `apply` puts this document on, in the order of the waves. Part of no graph: to name one changes no mail.',
      examples: [
        { gw1: { unix: '/var/lib/mailgw' }, gw2: { ssh: 'mail@gw2.corp.example', socket: '/var/lib/mailgw' } },
      ],
    })
    .optional(),
})

export type Surface = z.input<typeof schema>
