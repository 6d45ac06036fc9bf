import { expect, test } from 'vitest'
import { base, documentOf, problems, tsv, validated } from './check.ts'

const isp = { isp: { hosts: 'smtp.isp.example:587' } }
const two = { mx: { kind: 'mx', bind: '127.0.0.1:2525' }, lan: { kind: 'internal', bind: '127.0.0.1:2526' } }
const list = { id: 'zen', zone: 'zen.example', onError: 'ignore', listeners: 'lan' }
const returns = { srs: { domain: 'corp.example', secret: { $secret: 'env:SRS' } } }

test('the smallest document is right and has every default of the standards', () => {
  expect(problems({})).toEqual([])
  expect(documentOf({})).toEqual({
    apiVersion: 'mailgw/1',
    hostname: 'gw.corp.example',
    postmaster: { localPart: 'postmaster', domain: 'corp.example', text: 'postmaster@corp.example' },
    listeners: [
      {
        at: 'listeners.lan',
        name: 'lan',
        kind: 'internal',
        bind: [{ host: '127.0.0.1', port: 2525 }],
        hostname: 'gw.corp.example',
        maxSizeBytes: 20_971_520,
      },
    ],
    certificates: [],
    credentials: [],
    bans: null,
    domains: [
      {
        at: 'domains["corp.example"]',
        pattern: 'corp.example',
        kind: 'local',
        recipients: null,
        unknown: { kind: 'reject' },
      },
    ],
    clients: [],
    relaying: { kind: 'two-way', at: 'relaying' },
    relays: [],
    localMx: [],
    dnsbl: [],
    deny: [],
    aliases: [],
    envelopeLog: { keepMs: 7 * 24 * 3600 * 1000, maxBytes: 200 * 1024 * 1024, localParts: 'plain' },
    limits: {
      sessions: 4000,
      sessionsPerClient: 100,
      maxSizeBytes: 20_971_520,
      maxRecipients: 100,
      maxErrors: 20,
      maxHops: 100,
      connectionsPerNextHop: 20,
      connectionsOut: 500,
    },
    timeouts: {
      commandMs: 300_000,
      dataMs: 300_000,
      sessionMs: 3_600_000,
      connectMs: 30_000,
      greetingMs: 300_000,
      replyMs: 300_000,
      dataBlockMs: 180_000,
      dataDoneMs: 600_000,
      idleMs: 10_000,
    },
    retry: {
      scheduleMs: [60_000, 300_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000],
      expireAfterMs: 432_000_000,
    },
    resolver: { servers: [], timeoutMs: 5000, attempts: 2 },
    mxPort: 25,
    prove: [],
    gateways: [],
    admin: null,
  })
})

const cases: [rule: string, sections: Record<string, unknown>, want: string[]][] = [
  ['a listener is needed', { listeners: {} }, ['MG1205 listeners']],
  ['a name with a dot is needed', { hostname: 'gw' }, ['MG1310 hostname']],
  ['an address is no name', { hostname: '192.0.2.1' }, ['MG1310 hostname']],
  ['the postmaster is a mailbox', { postmaster: 'postmaster' }, ['MG1303 postmaster']],
  ['the postmaster must be reached', { postmaster: 'postmaster@elsewhere.example' }, ['MG1408 postmaster']],
  ['a route reaches the postmaster', { postmaster: 'ops@elsewhere.example', localMx: { '*': 'mx' } }, []],
  [
    'a route that refuses does not reach the postmaster',
    { postmaster: 'ops@elsewhere.example', localMx: { '*': 'reject 550 no' } },
    ['MG1408 postmaster'],
  ],
  ['an unlisted postmaster exists', { domains: { 'corp.example': { recipients: ['ann'] } } }, []],
  ['an old version is refused', { apiVersion: 'mailgw/0' }, ['MG1204 apiVersion']],

  ['an unknown key is refused', { proof: [] }, ['MG1203 key of proof']],
  ['null is no section', { limits: null }, ['MG1201 limits']],
  ['a name of a listener is a name', { listeners: { 'a b': two.mx } }, ['MG1313 key of listeners["a b"]']],
  ['a listener needs an address', { listeners: { lan: { kind: 'mx', bind: [] } } }, ['MG1205 listeners.lan.bind']],
  ['all addresses are written out', { listeners: { lan: { kind: 'mx', bind: ':25' } } }, ['MG1306 listeners.lan.bind']],
  [
    'two listeners on one address collide',
    { listeners: { a: { kind: 'mx', bind: '127.0.0.1:25' }, b: { kind: 'mx', bind: ['127.0.0.1:25'] } } },
    ['MG1506 listeners.b.bind[0]'],
  ],
  [
    'all addresses collide with one of them',
    { listeners: { a: { kind: 'internal', bind: '0.0.0.0:25' }, b: { kind: 'internal', bind: '127.0.0.1:25' } } },
    ['MG1506 listeners.b.bind'],
  ],
  ['IPv4 and IPv6 do not collide', { listeners: { a: { kind: 'internal', bind: ['0.0.0.0:25', '[::]:25'] } } }, []],
  ['port 0 collides with nothing', { listeners: { a: { kind: 'mx', bind: ['127.0.0.1:0', '127.0.0.1:0'] } } }, []],
  [
    'a name that strangers cannot look up is pointed out on a public listener',
    { listeners: { a: { kind: 'mx', bind: '0.0.0.0:25' } } },
    ['warning MG1509 hostname'],
  ],
  [
    'a listener has its own name',
    { listeners: { a: { kind: 'mx', bind: '0.0.0.0:25', hostname: 'mx1.corp.com' } } },
    [],
  ],
  ['a size has a unit', { listeners: { a: { ...two.mx, maxSize: '20' } } }, ['MG1308 listeners.a.maxSize']],

  [
    'a domain is local or relay',
    { domains: { 'a.example': 'locl', ...base.domains } },
    ['MG1204 domains["a.example"]'],
  ],
  [
    'one domain in two spellings is one',
    { domains: { ...base.domains, 'Corp.Example.': 'local' } },
    ['MG1401 key of domains["Corp.Example."]'],
  ],
  [
    'unknown needs a list',
    { domains: { 'corp.example': { unknown: 'park' } } },
    ['MG1209 key of domains["corp.example"].unknown'],
  ],
  [
    'an empty list of recipients is an error',
    { domains: { 'corp.example': { recipients: [] } } },
    ['MG1205 domains["corp.example"].recipients'],
  ],
  [
    'a recipient belongs to its domain',
    { domains: { 'corp.example': { recipients: ['ann@other.example'] } } },
    ['MG1317 domains["corp.example"].recipients[0]'],
  ],
  [
    'recipients are the same in any case',
    { domains: { 'corp.example': { recipients: ['ann', 'Ann@corp.example'] } } },
    ['MG1401 domains["corp.example"].recipients[1]'],
  ],
  [
    'all domains as ours is an open relay',
    { domains: { ...base.domains, '*': 'relay' }, localMx: { '*': 'mx' } },
    ['MG1604 key of domains["*"]'],
  ],
  [
    'so is a top-level domain',
    { domains: { ...base.domains, '*.com': 'relay' }, localMx: { '*': 'mx' } },
    ['MG1604 key of domains["*.com"]'],
  ],
  ['a lab has its own', { domains: { ...base.domains, '*.test': 'relay' }, localMx: { '*': 'mx' } }, []],

  [
    'a catch-all reaches somebody',
    { domains: { 'corp.example': { recipients: ['ann'], unknown: { catchAll: 'ann@corp.example' } } } },
    [],
  ],
  [
    'a catch-all at nobody goes round',
    { domains: { 'corp.example': { recipients: ['ann'], unknown: { catchAll: 'lost@corp.example' } } } },
    ['MG1406 domains["corp.example"].unknown.catchAll'],
  ],
  [
    'two catch-alls do not lead to each other',
    {
      domains: {
        'corp.example': { recipients: ['ann'], unknown: { catchAll: 'x@b.example' } },
        'b.example': { recipients: ['bob'], unknown: { catchAll: 'y@corp.example' } },
      },
    },
    ['MG1406 domains["b.example"].unknown.catchAll'],
  ],
  [
    'a catch-all goes where mail can go',
    { domains: { 'corp.example': { recipients: ['ann'], unknown: { catchAll: 'x@far.example' } } } },
    ['MG1407 domains["corp.example"].unknown.catchAll'],
  ],

  ['a block with bits behind its prefix is refused', { trusted: ['194.30.30.11/16'] }, ['MG1304 trusted[0]']],
  ['one block alone needs no list', { trusted: '10.0.0.0/8' }, []],
  ['nothing may be trusted', { trusted: [] }, []],
  ['everybody is no trusted network', { trusted: ['0.0.0.0/0'] }, ['MG1603 trusted[0]']],
  ['nor is everybody of IPv6', { trusted: ['::/0'] }, ['MG1603 trusted[0]']],
  ['nor a sixteenth of the internet', { trusted: ['16.0.0.0/4'] }, ['MG1603 trusted[0]']],
  ['nor two halves', { trusted: ['0.0.0.0/1', '128.0.0.0/1'] }, ['MG1603 trusted[0]', 'MG1603 trusted[1]']],
  ['nor all unicast IPv6', { clients: { a: { networks: '2000::/3', internal: true } } }, ['MG1603 clients.a.networks']],
  ['unique local addresses are ours', { trusted: ['fc00::/7', 'fe80::/10', '10.0.0.0/8'] }, []],
  [
    'a client that is not internal may be everybody',
    { clients: { a: { networks: '0.0.0.0/0', maxSize: '1MiB' } } },
    [],
  ],
  [
    'a container bridge behind a public listener is pointed out',
    { listeners: { a: { kind: 'mx', bind: '0.0.0.0:25', hostname: 'mx.corp.com' } }, trusted: ['172.16.0.0/12'] },
    ['MG1605 trusted[0]'],
  ],
  [
    'unless a client of its own says that it is not internal',
    {
      listeners: { a: { kind: 'mx', bind: '0.0.0.0:25', hostname: 'mx.corp.com' } },
      trusted: ['172.16.0.0/12', '10.0.0.0/8'],
      clients: { bridge: { networks: '172.17.0.1' } },
    },
    [],
  ],
  ['nor a public block wider than any site', { trusted: ['81.128.0.0/10'] }, ['MG1603 trusted[0]']],
  ['shared address space is no public block', { trusted: ['100.64.0.0/10'] }, []],
  [
    'who may send anywhere has a way to anywhere',
    { trusted: ['10.0.0.0/8'], localMx: { 'b.example': 'bart' } },
    ['MG1510 key of localMx'],
  ],
  [
    'or a row that says that there is none',
    { trusted: ['10.0.0.0/8'], localMx: { 'b.example': 'bart', '*': 'reject 550 no' } },
    [],
  ],
  [
    'who may not, needs none',
    { relaying: 'local-only', trusted: ['10.0.0.0/8'], localMx: { 'b.example': 'bart' } },
    [],
  ],
  ['behind a loopback listener it is not', { listeners: { a: two.mx }, trusted: ['172.17.0.0/16'] }, []],
  [
    'one network is one client',
    { trusted: ['10.0.0.0/8'], clients: { a: { networks: ['10.0.0.0/8'], internal: true } } },
    ['MG1401 clients.a.networks[0]'],
  ],
  [
    'a network inside of another is a client of its own',
    { trusted: ['10.0.0.0/8'], clients: { a: { networks: '10.1.0.0/16' } } },
    [],
  ],
  [
    'a client called trusted is that of trusted',
    { trusted: ['10.0.0.0/8'], clients: { trusted: { networks: '192.0.2.1', internal: true } } },
    ['MG1401 key of clients.trusted'],
  ],
  [
    'a client that may nothing more is pointed out',
    { clients: { a: { networks: '192.0.2.1' } } },
    ['warning MG1409 key of clients.a'],
  ],
  ['a client needs networks', { clients: { a: { networks: [], internal: true } } }, ['MG1205 clients.a.networks']],
  [
    'a client has senders or any',
    { clients: { a: { networks: '10.0.0.1', senders: [] } } },
    ['MG1205 clients.a.senders'],
  ],
  [
    'nobody is called <>',
    { clients: { a: { networks: '10.0.0.1', recipients: ['<>'] } } },
    ['MG1302 clients.a.recipients[0]'],
  ],

  ['a level for internal clients has some', { relaying: 'outbound' }, ['warning MG1410 relaying']],
  ['a level for everybody needs none', { relaying: 'two-way' }, []],
  [
    'a list that nobody asks is pointed out',
    { dnsbl: [{ id: 'zen', zone: 'zen.example', onError: 'ignore' }] },
    ['warning MG1411 dnsbl[0]'],
  ],
  ['a list that is asked by name is not', { dnsbl: [list] }, []],
  [
    'a user has a name',
    {
      relays: { isp: { hosts: 'a', auth: { user: '', pass: { $secret: 'env:A' } } } },
      localMx: { '*': 'relay:isp' },
    },
    ['MG1313 relays.isp.auth.user'],
  ],
  ['a relay level is a word', { relaying: 2 }, ['MG1201 relaying']],
  [
    'an open relay has a reason',
    { relaying: { unsafeOpenRelay: { reason: ' ', until: '2027-01-01' } } },
    ['warning MG1608 key of relaying', 'MG1601 relaying.unsafeOpenRelay.reason'],
  ],
  [
    'an open relay has an end',
    { relaying: { unsafeOpenRelay: { reason: 'lab' } } },
    ['MG1202 key of relaying.unsafeOpenRelay'],
  ],
  [
    'the end is a day',
    { relaying: { unsafeOpenRelay: { reason: 'lab', until: '2027-02-30' } } },
    ['MG1601 relaying.unsafeOpenRelay.until'],
  ],
  [
    'the end is not past',
    { relaying: { unsafeOpenRelay: { reason: 'lab', until: '2026-05-31' } } },
    ['MG1602 relaying.unsafeOpenRelay.until'],
  ],
  [
    'the last day counts',
    { relaying: { unsafeOpenRelay: { reason: 'lab', until: '2026-06-01' } } },
    ['warning MG1608 key of relaying'],
  ],

  ['a relay has hosts', { relays: { isp: { hosts: [] } }, localMx: { '*': 'relay:isp' } }, ['MG1205 relays.isp.hosts']],
  ['a relay that nothing uses is pointed out', { relays: isp }, ['warning MG1404 key of relays.isp']],
  [
    'a relay that is not declared is refused',
    { relays: isp, localMx: { '*': { relay: 'ips' } } },
    ['warning MG1404 key of relays.isp', 'MG1402 localMx["*"].relay'],
  ],
  ['also in a text', { relays: isp, localMx: { '*': 'relay:ips', 'a.example': 'relay:isp' } }, ['MG1402 localMx["*"]']],
  [
    'a password is no text',
    { relays: { isp: { hosts: 'a', auth: { user: 'x', pass: 'hunter2' } } }, localMx: { '*': 'relay:isp' } },
    ['MG1206 relays.isp.auth.pass'],
  ],
  [
    'nor a text in the place of a reference',
    {
      relays: { isp: { hosts: 'a', auth: { user: 'x', pass: { $secret: 'hunter2' } } } },
      localMx: { '*': 'relay:isp' },
    },
    ['MG1206 relays.isp.auth.pass.$secret'],
  ],
  [
    'a reference names something',
    {
      relays: { isp: { hosts: 'a', auth: { user: 'x', pass: { $secret: 'env:a b' } } } },
      localMx: { '*': 'relay:isp' },
    },
    ['MG1314 relays.isp.auth.pass.$secret'],
  ],
  [
    'a password is sent over TLS alone',
    {
      relays: { isp: { hosts: 'a', tls: 'may', auth: { user: 'x', pass: { $secret: 'env:A' } } } },
      localMx: { '*': 'relay:isp' },
    },
    ['MG1606 relays.isp.tls'],
  ],
  [
    'or to this machine',
    {
      relays: { isp: { hosts: '127.0.0.1:26', tls: 'off', auth: { user: 'x', pass: { $secret: 'env:A' } } } },
      localMx: { '*': 'relay:isp' },
    },
    [],
  ],

  [
    'a pattern with a dot in front is refused',
    { localMx: { '.a.example': 'bart' } },
    ['MG1301 key of localMx[".a.example"]'],
  ],
  [
    'a pattern is written once',
    { localMx: { 'a.example': 'bart', 'A.EXAMPLE': 'lisa' } },
    ['MG1401 key of localMx["A.EXAMPLE"]'],
  ],
  [
    'a local domain is not routed elsewhere',
    { localMx: { 'corp.example': 'bart' } },
    ['MG1501 key of localMx["corp.example"]'],
  ],
  ['a local domain may have a folder of its own', { localMx: { 'corp.example': 'deliver corp' } }, []],
  [
    'what is below a local wildcard is not routed elsewhere',
    { domains: { ...base.domains, '*.corp.example': 'local' }, localMx: { 'a.corp.example': 'bart' } },
    ['MG1501 key of localMx["a.corp.example"]'],
  ],
  [
    'unless it is a relay domain',
    {
      domains: { ...base.domains, '*.corp.example': 'local', 'a.corp.example': 'relay' },
      localMx: { 'a.corp.example': 'bart' },
    },
    [],
  ],
  ['a wildcard above a local domain may go elsewhere', { localMx: { '*.example': 'bart' } }, []],
  [
    'a relay domain has a route',
    { domains: { ...base.domains, 'b.example': 'relay' } },
    ['MG1502 key of domains["b.example"]'],
  ],
  [
    'a local wildcard is no route for a relay domain',
    { domains: { ...base.domains, '*.corp.example': 'local', 'a.corp.example': 'relay' }, localMx: { '*': 'mx' } },
    ['MG1502 key of domains["a.corp.example"]'],
  ],
  [
    'a relay domain is not delivered here',
    { domains: { ...base.domains, 'b.example': 'relay' }, localMx: { 'b.example': 'deliver' } },
    ['MG1501 key of domains["b.example"]'],
  ],
  ['a route to our own listener is refused', { localMx: { '*': '127.0.0.1:2525' } }, ['MG1503 localMx["*"]']],
  ['also by our name', { localMx: { '*': 'gw.corp.example:2525' } }, ['MG1503 localMx["*"]']],
  ['also by localhost', { localMx: { '*': 'localhost:2525' } }, ['MG1503 localMx["*"]']],
  [
    'also through a relay',
    { relays: { isp: { hosts: ['a', '127.0.0.1:2525'] } }, localMx: { '*': 'relay:isp' } },
    ['MG1503 relays.isp.hosts[1]'],
  ],
  [
    'also to any loopback of a listener on all addresses',
    { listeners: { lan: { kind: 'internal', bind: '0.0.0.0:2525' } }, localMx: { '*': '127.0.0.9:2525' } },
    ['MG1503 localMx["*"]'],
  ],
  ['another port is another server', { localMx: { '*': '127.0.0.1:2526' } }, []],
  ['mx() takes no port', { localMx: { '*': { mx: { port: 26 } } } }, ['MG1316 key of localMx["*"].mx.port']],
  [
    'a short life is pointed out for the internet',
    { localMx: { '*': 'mx' }, retry: { expireAfter: '1d' } },
    ['warning MG1504 retry.expireAfter'],
  ],
  [
    'a short schedule too, where mail to the internet has it',
    {
      localMx: { '*': 'mx', 'partner.example': 'bart' },
      retry: { schedules: { brief: { expireAfter: '1d' }, long: { expireAfter: '6d' }, same: { schedule: ['5m'] } } },
      destinations: {
        'gmail.com': { retry: 'brief' },
        'gmx.de': { retry: 'long' },
        'web.de': { retry: 'same' },
      },
    },
    ['warning MG1504 retry.schedules.brief.expireAfter'],
  ],
  [
    'and not where only a smart host has it',
    {
      localMx: { '*': 'mx', 'partner.example': 'bart' },
      retry: { schedules: { brief: { expireAfter: '1d' } } },
      destinations: { 'partner.example': { retry: 'brief' } },
    },
    [],
  ],
  [
    'return addresses that no stranger may write to are pointed out',
    { ...returns, trusted: ['10.0.0.0/8'], localMx: { '*': 'bart' }, relaying: 'outbound' },
    ['warning MG1472 key of srs'],
  ],
  ['with two-way there is somebody who answers', { ...returns, localMx: { '*': 'bart' } }, []],
  ['and not for a smart host', { localMx: { '*': 'bart' }, retry: { expireAfter: '1d' } }, []],
  ['a port for a lab is pointed out', { mxPort: 2525 }, ['warning MG1505 mxPort']],
  ['a port is a port', { mxPort: 0 }, ['MG1208 mxPort']],

  [
    'a list says what happens when nobody can tell',
    { dnsbl: [{ id: 'zen', zone: 'zen.example' }] },
    ['MG1202 key of dnsbl[0]'],
  ],
  ['an id is written once', { dnsbl: [list, { ...list, zone: 'b.example' }] }, ['MG1401 dnsbl[1].id']],
  ['answers of lists are in 127/8', { dnsbl: [{ ...list, codes: '10.0.0.1' }] }, ['MG1304 dnsbl[0].codes']],
  [
    'errors of lists are no answers',
    { dnsbl: [{ ...list, codes: ['127.0.0.2', '127.255.255.254'] }] },
    ['MG1304 dnsbl[0].codes[1]'],
  ],
  [
    'a listener of a list is declared',
    { listeners: two, dnsbl: [{ ...list, listeners: ['mxx'] }] },
    ['MG1403 dnsbl[0].listeners[0]'],
  ],
  ['a zone is a domain', { dnsbl: [{ ...list, zone: 'zen..example' }] }, ['MG1318 dnsbl[0].zone']],
  [
    'a list refuses',
    { dnsbl: [{ ...list, onListed: { reject: { code: 250, text: 'ok' } } }] },
    ['MG1208 dnsbl[0].onListed.reject.code'],
  ],

  ['a rule without conditions is refused', { deny: [{ when: {} }] }, ['MG1507 key of deny[0].when']],
  [
    'a destination stands alone',
    { deny: [{ when: { destination: '192.0.2.1', sender: 'a.example' } }] },
    ['MG1508 key of deny[0].when.destination'],
  ],
  [
    'a listener of a rule is declared',
    { deny: [{ when: { listener: ['lan', 'mx'] } }] },
    ['MG1403 deny[0].when.listener[1]'],
  ],
  ['an empty condition is an error', { deny: [{ when: { sender: [] } }] }, ['MG1205 deny[0].when.sender']],
  [
    'notifications refused are pointed out',
    { deny: [{ when: { sender: '<>' } }] },
    ['warning MG1607 deny[0].when.sender'],
  ],
  ['a number of octets has a unit', { deny: [{ when: { size: { over: 5e6 } } }] }, ['MG1201 deny[0].when.size.over']],
  [
    'a rule refuses, and nothing else',
    { deny: [{ when: { client: '192.0.2.1' }, then: { defer: 1 } }] },
    ['MG1202 key of deny[0].then', 'MG1203 key of deny[0].then.defer'],
  ],
  [
    'an id of a rule is written once',
    {
      deny: [
        { id: 'a', when: { client: '192.0.2.1' } },
        { id: 'a', when: { client: '192.0.2.2' } },
      ],
    },
    ['MG1401 deny[1].id'],
  ],

  [
    'an alias is in a domain of ours',
    { aliases: { 'a@b.example': 'ann@corp.example' } },
    ['MG1405 key of aliases["a@b.example"]'],
  ],
  [
    'an alias is not itself',
    { aliases: { 'a@corp.example': 'A@corp.example' } },
    ['MG1406 key of aliases["a@corp.example"]'],
  ],
  [
    'aliases do not go round',
    {
      aliases: {
        'a@corp.example': 'b@corp.example',
        'b@corp.example': ['x@corp.example', 'c@corp.example'],
        'c@corp.example': 'a@corp.example',
      },
    },
    ['MG1406 key of aliases["a@corp.example"]'],
  ],
  [
    'an alias leads to somebody who exists',
    {
      domains: { 'corp.example': { recipients: ['ann'] } },
      aliases: { 'a@corp.example': ['ann@corp.example', 'amn@corp.example'] },
    },
    ['MG1407 aliases["a@corp.example"][1]'],
  ],
  [
    'an alias leads where mail can go',
    { aliases: { 'a@corp.example': 'b@far.example' } },
    ['MG1407 aliases["a@corp.example"]'],
  ],
  ['an alias leads away by a route', { aliases: { 'a@corp.example': 'b@far.example' }, localMx: { '*': 'bart' } }, []],
  ['an alias leads somewhere', { aliases: { 'a@corp.example': [] } }, ['MG1205 aliases["a@corp.example"]']],
  [
    'a role that has no mailbox of its own goes round when the postmaster is an alias of it',
    { aliases: { 'postmaster@corp.example': 'abuse@corp.example' } },
    ['MG1406 key of aliases["postmaster@corp.example"]'],
  ],

  ['a time has a unit', { timeouts: { command: '300' } }, ['MG1307 timeouts.command']],
  ['a time is a second at least', { timeouts: { command: '0s' } }, ['MG1208 timeouts.command']],
  ['a schedule has a wait', { retry: { schedule: [] } }, ['MG1205 retry.schedule']],
  [
    'mail lives longer than its first wait',
    { retry: { schedule: ['1h'], expireAfter: '30m' } },
    ['MG1208 retry.expireAfter'],
  ],
  ['a limit is a whole number', { limits: { sessions: 1.5 } }, ['MG1201 limits.sessions']],
  ['a limit is not nothing', { limits: { maxRecipients: 0 } }, ['MG1208 limits.maxRecipients']],
  ['a message of 64 KiB must pass', { limits: { maxSize: '10KiB' } }, ['MG1208 limits.maxSize']],
  [
    'one client has no more sessions than all',
    { limits: { sessions: 10, sessionsPerClient: 20 } },
    ['MG1208 limits.sessionsPerClient'],
  ],
  ['stale answers have a time with its unit', { resolver: { serveStale: '1 day' } }, ['MG1307 resolver.serveStale']],
  ['a DNS server is an address', { resolver: { servers: ['dns.example'] } }, ['MG1305 resolver.servers[0]']],
]

test.each(cases)('%s', (_, sections, want) => {
  expect(problems(sections)).toEqual(want)
})

test('all problems are told at once, sorted by place', () => {
  const { document, diagnostics } = validated({
    hostname: 'gw',
    postmaster: 3,
    listeners: { a: { kind: 'mix' } },
    trusted: ['10.1'],
    aliases: { 'a@b': 'c' },
    typo: 1,
  })
  expect(document).toBe(null)
  expect(diagnostics.map(({ code }) => code).sort()).toEqual(
    ['MG1202', 'MG1203', 'MG1204', 'MG1303', 'MG1201', 'MG1304', 'MG1310', 'MG1405'].sort(),
  )
  const files = diagnostics.map(({ position }) => position!.file)
  expect(files).toEqual([...files].sort())
})

test('a misspelt key is one mistake, not two', () => {
  const { hostname, ...rest } = base
  const { diagnostics } = validated({ ...rest, hostnam: hostname })
  expect(diagnostics.map(({ message, hint }) => [message, hint])).toEqual([
    ['hostnam: unknown key "hostnam"', 'did you mean "hostname"?'],
  ])
})

test('what is no object is no document', () => {
  for (const value of [null, 3, 'x', [], tsv('a\tb')]) expect(validated(value).document).toBe(null)
})

test('a clear-text secret is in no message', () => {
  const said = JSON.stringify([
    validated({ ...base, relays: { a: { hosts: 'gw:hunter2@bart', auth: { user: 'u', pass: 'hunter2' } } } })
      .diagnostics,
    validated({ ...base, relays: { a: { hosts: 'b', auth: { user: 'u', pass: { $secret: 'hunter2' } } } } })
      .diagnostics,
    validated({ ...base, localMx: { '*': 'gw:hunter2@bart' } }).diagnostics,
  ])
  expect(said).toContain('MG1206')
  expect(said).toContain('MG1315')
  expect(said).not.toContain('hunter2')
})

test('a cycle names its whole path and every place on it', () => {
  const { diagnostics } = validated({
    ...base,
    aliases: { 'a@corp.example': 'b@corp.example', 'b@corp.example': 'a@corp.example' },
  })
  expect(diagnostics[0]!.message).toBe(
    'aliases["a@corp.example"]: leads back to itself: a@corp.example -> b@corp.example -> a@corp.example',
  )
  expect(diagnostics[0]!.related.map(({ position }) => position.file)).toEqual(['key of aliases["b@corp.example"]'])
})

test('a domain both local and routed elsewhere is told with both places and the three choices', () => {
  const { diagnostics } = validated({ ...base, localMx: { 'corp.example': 'bart' } })
  expect(diagnostics[0]!.related.map(({ position }) => position.file)).toEqual(['key of domains["corp.example"]'])
  expect(diagnostics[0]!.hint).toMatch(/deliver here.*'relay'.*out of domains/)
})

test('names that every object inherits are names like others', () => {
  expect(problems({ localMx: { constructor: 'bart', toString: { relay: 'valueOf' } } })).toEqual([
    'MG1402 localMx.toString.relay',
  ])
  expect(problems({ hasOwnProperty: 1 })).toEqual(['MG1203 key of hasOwnProperty'])
  expect(documentOf({ domains: { ...base.domains, constructor: 'local' } }).domains).toHaveLength(2)
})

test('spellings are gone from the document: names in A-labels, networks canonical, times and sizes in their units', () => {
  const document = documentOf({
    hostname: 'GW.Corp.Example.',
    domains: { ...base.domains, 'BÜCHER.example': { recipients: ['Ann'] } },
    clients: {
      a: { networks: ['2001:DB8::/32', '192.0.2.7'], internal: true, senders: ['*@X.example', 'Bob@Y.example'] },
    },
    relaying: 'local-only',
    localMx: { '*.Bücher.example.': 'BART:26' },
    deny: [{ when: { size: { over: '5MB' } } }],
    retry: { schedule: '90s', expireAfter: '4d12h' },
    resolver: { servers: '127.0.0.1:5353' },
  })
  expect(document.hostname).toBe('gw.corp.example')
  expect(document.domains[1]).toMatchObject({
    at: 'domains["xn--bcher-kva.example"]',
    pattern: 'xn--bcher-kva.example',
    recipients: [{ at: 'domains["xn--bcher-kva.example"].recipients.ann', localPart: 'ann' }],
  })
  expect(document.clients[0]!.networks).toEqual([
    { at: 'clients.a.networks["2001:db8::/32"]', network: '2001:db8::/32' },
    { at: 'clients.a.networks["192.0.2.7/32"]', network: '192.0.2.7/32' },
  ])
  expect(document.clients[0]!.senders).toEqual(['x.example', 'bob@y.example'])
  expect(document.localMx).toEqual([
    {
      at: 'localMx["*.xn--bcher-kva.example"]',
      pattern: '*.xn--bcher-kva.example',
      target: { kind: 'hosts', hosts: [{ host: 'bart', port: 26 }] },
    },
  ])
  expect(document.deny[0]!.id).toBe('deny[0]')
  expect(document.deny[0]!.then).toEqual({ code: 550, status: '5.7.1', text: 'refused by local policy' })
  expect(document.deny[0]!.when.sizeOverBytes).toBe(5_000_000)
  expect(document.retry).toEqual({ scheduleMs: [90_000], expireAfterMs: 388_800_000 })
  expect(document.resolver.servers).toEqual([{ host: '127.0.0.1', port: 5353 }])
})

test('every element of the document has its place', () => {
  const { document, places } = validated({
    ...base,
    postmaster: 'ops@corp.example',
    domains: { 'corp.example': { recipients: ['ann'] } },
    trusted: ['10.0.0.0/8'],
    clients: { a: { networks: '192.0.2.1', internal: true, senders: ['corp.example'], maxSize: '1MiB' } },
    relaying: 'outbound',
    relays: isp,
    localMx: { '*': { relay: 'isp' } },
    dnsbl: [list],
    deny: [{ when: { client: '192.0.2.0/24' } }],
    aliases: { 'x@corp.example': 'ann@corp.example' },
    limits: { maxSize: '1MiB', maxHops: 50 },
  })
  const ats = new Set<string>()
  JSON.stringify(document, (key, value) => {
    if (key === 'at') ats.add(value)
    return value
  })
  expect(ats.size).toBe(13)
  for (const at of [
    ...ats,
    'postmaster',
    'localMx',
    'limits.maxSize',
    'limits.maxHops',
    'listeners.lan.maxSize',
    'clients.a.senders',
    'clients.a.maxSize',
  ]) {
    expect(places.has(at), at).toBe(true)
  }
})
