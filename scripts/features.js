// The rows of docs/features.md: what mailgw takes over from the systems before it, by the ids under which it was planned,
// and the tests that show it. A test names the rows that it shows: their ids stand in its title, or in a comment in front.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** By issue, in the order of the page: id, and what it is in our words. */
export const features = [
  {
    title: 'The front door',
    rows: [
      ['MQ-23', 'A login is demanded by the listener, never of other mail servers'],
      ['MQ-24', 'HELO is taken, or EHLO alone where the document says so'],
      ['MQ-25', 'PLAIN, LOGIN, SCRAM-SHA-256 with channel binding, bearer tokens; CRAM-MD5 as legacy'],
      ['MQ-26', 'One login serves many messages'],
      ['MQ-27', 'VRFY says nothing, but to networks that are named'],
      ['MQ-28', 'A size limit, announced, held at MAIL and counted while content comes'],
      ['MQ-29', 'Addresses refused from a list, also from a file that is watched'],
      ['MQ-30', 'Who fails too often is banned for a time, over all sessions'],
      ['MQ-31', 'An account that is guessed at is locked, but not for its owner'],
      ['MQ-32', 'HTTP on a mail port gets one line and the end, and counts'],
      ['MQ-33', 'DNS lists: ordered, with codes, weights, and an answer for when they cannot be asked'],
      ['MQ-34', 'A listed client is refused at RCPT with zone and reason; postmaster stays reachable'],
      ['MQ-35', 'A route to ourselves is found before it serves, and again at run time'],
      ['MQ-36', 'Mail that goes in circles is ended by its Received lines'],
      ['MQ-37', 'An open relay needs a reason and an end, or is refused'],
      ['MQ-38', 'The null sender is taken for our recipients'],
      ['MQ-39', 'The DNS is compared with the document: reverse names, greeting, MX, SPF, DNS lists'],
      ['MQ-40', 'The greeting is a template behind the host name'],
      ['MQ-41', "MailQ's macros, checked before they serve"],
      ['MQ-45', 'TIME: the time of the gateway, before HELO and after'],
      ['MQ-93', 'Printers without TLS and login are clients with limits of their own'],
      ['EX-11', 'Who may relay is a matter of networks'],
      ['EX-16', 'Management by a socket of this machine, or by tokens and certificates'],
      ['EX-30', 'Clients refused by address'],
      ['EX-31', 'Addresses that nothing is delivered to'],
      ['EX-32', 'Domains of senders and recipients refused'],
      ['EX-33', 'Single senders and recipients refused'],
      ['EX-34', 'Denials for a while, made and taken back at run time'],
      ['MR-06', 'A listener has addresses of its own'],
      ['MR-07', 'One listener on several addresses and ports'],
      ['MR-08', 'TLS from the first octet'],
      ['MR-09', 'STARTTLS, offered or demanded'],
      ['MR-14', 'Certificates, chosen by name, renewed without a restart, watched for their end'],
      ['MR-15', 'Networks that may connect to a listener at all'],
      ['MR-16', 'No mail without a login'],
      ['MR-17', 'Users in the document, by hashes alone'],
      ['MR-18', 'Logins of an LDAP directory'],
      ['MR-19', 'Logins of a RADIUS server'],
      ['MR-20', 'Logins of the system, by a helper program'],
      ['MR-21', 'Logins of an HTTP endpoint'],
      ['MR-22', 'Users in a file, with hashes of five kinds'],
      ['MR-23', 'Logins by a program, which reads them from its standard input'],
      ['MR-24', 'Recipients that exist, from a list'],
      ['MR-28', 'The PROXY protocol, from balancers that are named'],
      ['MR-29', 'Addresses read strictly or loosely'],
      ['MR-30', 'Connections in and out share a limit, with places kept for each'],
      ['MR-34', 'Who is suspect is kept out'],
      ['MR-35', 'Each listener has its own host name'],
      ['TU-02', 'Relaying by network or by login'],
      ['TU-04', 'A hundred thousand messages as fast as they come starve nobody'],
      ['TU-07', 'A message has so many recipients and no more'],
    ],
  },
  {
    title: 'The way out',
    rows: [
      ['MQ-66', 'Sent mail is kept by age and size, where the document says so'],
      ['MQ-67', 'Failed mail is kept, and brought back by an operator'],
      ['MQ-68', 'What fails is told to its sender by RFC 3464; off by route alone, and told by check'],
      ['EX-40', 'So many attempts, and no more'],
      ['MQ-87', 'MX, addresses, null MX, policies and cached state of a domain are shown, or of all'],
      ['EX-41', 'What is kept of the DNS is shown, with its age and what is left of it'],
      ['EX-42', 'Each next hop is up, in back-off or suspended, with why, since when and until when'],
      ['EX-43', 'What is kept of the DNS is forgotten on demand'],
      ['EX-44', 'A domain is resolved, and what a delivery would do is told step by step'],
      ['EX-45', 'All MX of a domain are known, with the health of each address'],
      ['EX-46', 'Broken and hostile name servers cost neither mail nor time'],
      ['EX-51', 'Failures and delays in texts of the document'],
      [
        'EX-38',
        'What waits is listed with sender, destination, times, attempts, state, last reply and the row that decides',
      ],
      ['EX-39', 'What waits is tried, held, released, given up, dropped or sent another way, by whatever selects it'],
      ['EX-47', 'Connections, in and out, with who, since when, and the message under way'],
      ['EX-48', 'Version, times, counts and connections of a gateway, for people and for Prometheus'],
      ['EX-49', 'Every value that holds is shown, defaults too, with the place it comes from'],
      ['MQ-86', "A mail server is probed: TLS, every login, a test message; MailTest's exit codes"],
      ['TU-14', 'A recipient is accepted only when somebody knows him: a list, a directory, the next hop'],
      ['EX-52', 'What is too old is told to its sender'],
      ['EX-60', '5yz fails, with the exceptions that the standards have'],
      ['MR-10', 'Mail leaves from the address that it came in to'],
      ['MR-11', 'Pools of source addresses, with weights'],
      ['MR-12', 'Which addresses may be taken over, and which not'],
      ['MR-42', 'Connections, rates and recipients of each next hop, by domain'],
      ['MR-43', 'What the other side says slows it down or suspends it, as the document says'],
      ['MR-13', 'Mail of who may say so names its source address or pool itself'],
      [
        'MR-40',
        'Fields of a header steer a delivery within what the document names; relays and logins are its own, by sender',
      ],
      [
        'D1.10',
        'MX by preference, in random order, with all their addresses; what must not fall back does not (RFC 5321 §5.1)',
      ],
      ['D1.11', 'A time-out for each step (RFC 5321 §4.5.3.2)'],
      ['D1.12', 'Tried again for days, by a schedule (RFC 5321 §4.5.4.1)'],
      ['D1.13', '4yz and lost connections wait, 5yz fails (RFC 5321 §4.2.1)'],
      ['D1.14', '421 at any time is for later (RFC 5321 §3.8)'],
      ['D1.15', 'Hosts and domains that take no mail (RFC 7504, RFC 7505)'],
      ['D2 8BITMIME', 'Eight-bit content as it is, or converted part by part (RFC 6152)'],
      ['D2 BINARYMIME', 'Binary content towards who does not take it (RFC 3030)'],
      ['D2 CHUNKING', 'Content in chunks, both ways (RFC 3030)'],
      ['D2 SMTPUTF8', 'Internationalized mail, never downgraded (RFC 6531)'],
      ['D2 DSN', 'Notifications as they are asked for, and passed on (RFC 3461)'],
      ['D2 LIMITS', 'What a host says of its limits is held (RFC 9422)'],
      ['D2 REQUIRETLS', 'Mail that demands TLS of every host on its way, and mail that does not (RFC 8689)'],
      ['D4 DANE', 'Certificates of other hosts by their TLSA records, without a way around (RFC 7672)'],
      ['D4 MTA-STS', 'Policies of domains and of smart hosts, kept, renewed and enforced (RFC 8461)'],
      ['D4 TLSRPT', 'Daily reports on TLS to those who ask for them, and those of others read (RFC 8460)'],
    ],
  },
]

const id = /\b(?:(?:MQ|EX|MR|TU)-\d{2}|D1\.\d{2}|D[24] [A-Z0-9][A-Z0-9-]*[A-Z0-9])\b/g

/** The files that show each row, by id. */
export function shownBy(root) {
  const found = new Map()
  const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.test\.ts$|^dialogs\/.*\.txt$/.test(name))
    .sort()
  for (const name of files) {
    for (const [one] of readFileSync(join(root, 'test', name), 'utf8').matchAll(id)) {
      if (!found.has(one)) found.set(one, new Set())
      found.get(one).add(`test/${name}`)
    }
  }
  return new Map([...found].map(([one, names]) => [one, [...names]]))
}

/** docs/features.md. */
export function featuresPage(root) {
  const shown = shownBy(root)
  const sections = features.map(({ title, rows }) => {
    const lines = rows.map(([one, what]) => {
      const tests = (shown.get(one) ?? []).map((name) => `[${name.slice('test/'.length)}](../${name})`)
      return `| ${one} | ${what} | ${tests.join(', ')} |`
    })
    return [`## ${title}`, '', '| row | what it is | shown by |', '|---|---|---|', ...lines, ''].join('\n')
  })
  const intro = `# Features and their tests

Made by \`scripts/features.js\` from the tests themselves. The ids are those under which mailgw was planned: MQ for MailQ, EX for eXtremail, MR for MailerQ, TU for a tutorial on mail servers, whose abilities it succeeds; D1, D2 and D4 are standards. A test that shows a row has its id in its title, or in a comment in front of it.
`
  return `${[intro, ...sections].join('\n')}`
}
