import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { reportSchema } from '../../src/cli/test/report-schema.ts'
import { labGraph } from '../../src/cli/test/smtp/lab-graph.ts'
import { answerTo } from '../../src/cli/test/smtp/stub-resolver.ts'
import { checkGraph } from '../../src/graph/check-graph.ts'
import { bareLine } from '../../src/graph/evaluator.ts'
import { type Outcome, stages } from '../../src/graph/graph.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import { parseIp } from '../../src/mail/ip.ts'
import { parseMailbox } from '../../src/mail/path.ts'
import { graphOf, siteDocument } from '../analysis/suite-site.ts'
import { randomFacts, randomGraph } from '../graph/random-graph.ts'
import { tempFolder } from '../support/peer.ts'

const program = join(import.meta.dirname, '../../dist/cli/main.js')

/** Over real sockets, by the built program: a gateway builds its tables in a worker. */
function overSmtp(document: unknown, rows: unknown) {
  const folder = tempFolder()
  writeFileSync(join(folder, 'mailgw.config.json'), JSON.stringify(document))
  writeFileSync(join(folder, 'mailgw.test.json'), JSON.stringify(rows))
  const ran = spawnSync(process.execPath, [program, 'test', '--smtp', '--json'], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 15_000,
    killSignal: 'SIGKILL',
  })
  expect(ran.stdout, ran.stderr).not.toBe('')
  const report = reportSchema.parse(JSON.parse(ran.stdout))
  return { code: ran.status, failed: report.failed, smtp: report.smtp! }
}

const inside = { listener: 'lan', client: '10.1.2.3', from: 'ann@corp.example' }
const stranger = { listener: 'mx', client: '203.0.113.9', from: 'x@y.example' }
const clear = { 'dnsbl.zen': 'clear', 'dnsbl.two': 'clear' }

test('what the graph says of each case comes over real sockets: replies, relays, hosts, MX hosts, mailboxes, holds', () => {
  const rows = [
    { ...inside, to: 'a@x.partner.example', expect: 'relay partner tls=verify' },
    { ...inside, to: 'A.b@c.org', expect: 'relay isp' },
    { ...inside, to: 'a@h.lab.example', expect: 'hosts bart:26' },
    { ...inside, to: 'a@mx.example', expect: 'mx' },
    { ...inside, to: 'a@held.example', expect: 'held' },
    { ...inside, to: 'a@gone.example', expect: 'discarded' },
    { ...inside, to: 'all@corp.example', expect: 'delivered to=ann@corp.example,bob@corp.example' },
    { ...inside, to: 'b\u00f6b@open.example', expect: 'delivered' },
    { ...inside, client: '2001:db8::1', listener: 'mx', assume: clear, to: 'ann@corp.example', expect: 'delivered' },
    { ...inside, from: '<>', to: 'a@c.org', size: '3MiB', hops: 2, expect: 'relay isp' },
    { ...inside, size: '6MiB', to: 'a@c.org', expect: 'rejected 552 stage=mail' },
    { ...inside, hops: 101, to: 'a@c.org', expect: 'rejected 554 stage=data' },
    { ...inside, from: 'x@a.spam.example', to: 'a@c.org', expect: 'rejected stage=mail' },
    { ...inside, to: 'nobody@corp.example', expect: 'rejected 550 stage=rcpt' },
    { ...stranger, to: 'a@c.org', expect: 'rejected 550' },
    { ...stranger, client: '198.51.100.7', to: 'a@c.org', expect: 'rejected stage=connect' },
    { ...stranger, client: '198.51.100.7', from: undefined, to: undefined, expect: 'rejected stage=connect' },
    { ...stranger, to: 'ann@corp.example', assume: clear, expect: 'delivered' },
    { ...stranger, to: 'ann@corp.example', assume: { 'dnsbl.zen': 'listed' }, expect: 'rejected' },
    { ...stranger, to: 'ann@corp.example', assume: { ...clear, 'dnsbl.two': 'error' }, expect: 'deferred 451' },
    // Nothing assumed: submitted once for each answer.
    { ...stranger, to: 'ann@corp.example', assume: { 'dnsbl.two': 'listed' }, expect: 'by=dnsbl[0]' },
  ]
  const { smtp } = overSmtp(siteDocument, rows)
  expect(smtp.filter(({ kind }) => kind !== 'same')).toEqual([])
  expect(smtp).toHaveLength(rows.length)
})

test('what comes otherwise over the sockets fails, though the graph says it', () => {
  // No folder can have the name of this domain: nobody notices until mail is delivered.
  const domain = `${['a', 'b', 'c', 'd'].map((letter) => letter.repeat(57)).join('.')}.corp.example`
  const document = { ...siteDocument, domains: { ...siteDocument.domains, '*.corp.example': 'local' } }
  const { code, failed, smtp } = overSmtp(document, [{ ...inside, to: `a@${domain}`, expect: 'delivered' }])
  expect({ code, failed }).toEqual({ code: 1, failed: 0 })
  expect(smtp).toMatchObject([
    { kind: 'differs', text: expect.stringMatching(/the graph says delivered .*; over SMTP: accepted$/) },
  ])
})

test('a case that cannot be said over SMTP is not tried, and says why', () => {
  const { code, smtp } = overSmtp(siteDocument, [
    { ...inside, to: 'a@c.org', size: '10B', expect: 'relay isp' },
    { ...inside, from: undefined, to: 'a@c.org', size: '6MiB', expect: 'rejected 552' },
  ])
  expect(code).toBe(0)
  expect(smtp.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
    expect.stringMatching(/^skipped a message of 10 octets has no room for its headers \(\d+\)$/),
    'skipped with the sender <>, as it would be sent, something else comes of it: say `from`, `helo`, `size` and `hops`',
  ])
})

test('what follows from TLS, a login and a HELO name is the same over SMTP; a login that is refused is not tried', () => {
  const document = {
    ...siteDocument,
    certificates: { main: { cert: '/etc/mailgw/main.pem', key: '/etc/mailgw/main.key' } },
    credentials: [{ id: 'staff', file: '/etc/mailgw/users' }],
    listeners: {
      ...siteDocument.listeners,
      users: { kind: 'submission', bind: '127.0.0.1:2597', tls: 'required', login: 'required' },
    },
    clients: { staff: { logins: ['*@corp.example'], internal: true } },
    deny: [{ id: 'robots', when: { helo: ['*.robots.example'] } }],
  }
  const user = {
    listener: 'users',
    client: '203.0.113.9',
    from: 'ann@corp.example',
    to: 'a@c.org',
    size: '1KB',
    hops: 0,
  }
  const { smtp, failed } = overSmtp(document, [
    { ...user, tls: true, login: 'ann@corp.example', expect: 'relay isp' },
    { ...user, tls: true, expect: 'rejected 530' },
    { ...user, tls: true, login: 'ann@corp.example', helo: 'x.robots.example', expect: 'rejected stage=helo' },
    { ...user, login: 'ann@corp.example', expect: 'rejected stage=auth' },
  ])
  expect(failed).toBe(0)
  expect(smtp.map(({ kind }) => kind)).toEqual(['same', 'same', 'same', 'skipped'])
})

describe('the graph of a lab', () => {
  const graph = graphOf(siteDocument)
  const ip = (text: string) => {
    const address = parseIp(text)
    if (!address.ok) throw new Error(address.error)
    return address.value
  }
  const clients = ['10.1.2.3', '203.0.113.9', '198.51.100.7', '127.0.0.1', '2001:db8::1'].map(ip)
  const answers = new Map<string, Outcome>([
    ['dnsbl.zen', 'error'],
    ['dnsbl.two', 'listed'],
  ])
  const sources = clients.map((client, i) => ({ ...bareLine, client, address: `127.64.0.${i + 1}`, answers }))
  const lab = labGraph(graph, sources, { portOf: () => 2501, mxPort: 2502, resolver: { host: '127.0.0.1', port: 53 } })

  test('decides of each stand-in as the document does of its client, in every stage', () => {
    const [real, made] = [interpreter(graph), interpreter(lab)]
    const recipient = parseMailbox('ann@corp.example')
    if (!recipient.ok) throw new Error(recipient.error)
    for (const { client, address } of sources) {
      for (const listener of ['mx', 'lan']) {
        for (const stage of stages.filter((one) => one !== 'destination')) {
          const known = { sender: null, recipient: recipient.value, sizeBytes: 99, hops: 1, destination: null }
          const base = { ...bareLine, ...known, listener }
          let number = real.start(stage, { ...base, client })
          while (number < 0) {
            const { kind, id } = real.oracle(~number)
            number = real.resume(~number, answers.get(`${kind}.${id}`)!, { ...base, client })
          }
          const other = made.start(stage, { ...base, client: ip(address) })
          expect(made.leaf(other)).toMatchObject({ kind: real.leaf(number).kind, at: real.leaf(number).at })
          expect(made.winner().at).toBe(real.winner().at)
        }
      }
    }
  })

  test('decides of each stand-in as any graph does of its TLS, login and certificate', () => {
    const outcomes = ['listed', 'clear', 'error'] as const
    const answersOf = (outcome: Outcome) =>
      new Map(
        ['dnsbl.zen', 'check.helo', 'own-sender.staff', 'rate.printers.messages/1h', 'recipient.directory'].map(
          (name) => [name, outcome],
        ),
      )
    const questions = fc.array(fc.tuple(randomFacts, fc.constantFrom(...outcomes)), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(randomGraph, questions, (random, all) => {
        const stubs = { portOf: () => 2501, mxPort: 2502, resolver: { host: '127.0.0.1', port: 53 } }
        const stand = all.map(([told, outcome], i) => ({
          ...told,
          address: `127.64.0.${i + 1}`,
          answers: answersOf(outcome),
        }))
        const made = labGraph(random, stand, stubs)
        checkGraph(made)
        const [real, other] = [interpreter(random), interpreter(made)]
        for (const [i, [told, outcome]] of all.entries()) {
          for (const stage of ['helo', 'mail', 'data'] as const) {
            let number = real.start(stage, told)
            while (number < 0) number = real.resume(~number, outcome, told)
            const seen = other.start(stage, { ...told, ...bareLine, helo: told.helo, client: ip(stand[i]!.address) })
            expect(other.leaf(seen)).toEqual(real.leaf(number))
          }
        }
      }),
      { numRuns: 200 },
    )
  })

  test('leads to nothing but loopback', () => {
    const { relays, listeners, resolver } = lab.control
    const hosts = [
      ...relays.flatMap((relay) => relay.hosts),
      ...listeners.flatMap(({ bind }) => bind),
      ...resolver.servers,
      ...lab.nodes.flatMap((node) => (node.kind === 'hosts' ? node.hosts : [])),
    ]
    expect(hosts.length).toBeGreaterThan(5)
    expect(hosts.filter(({ host }) => host !== '127.0.0.1')).toEqual([])
    expect(lab.control.admin).toBeUndefined()
    expect(lab.nodes.filter((node) => node.kind === 'oracle')).toEqual([])
  })
})

test('the stub resolver answers A and MX, knows nothing else, and hears no noise', () => {
  const query = (type: number) =>
    Buffer.concat([
      Buffer.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
      Buffer.from('\x01a\x07example\x00'),
      Buffer.from([0, type, 0, 1]),
    ])
  const count = (answer: Buffer | null) => answer?.readUInt16BE(6)
  expect(count(answerTo(query(1)))).toBe(1)
  expect(answerTo(query(1))!.subarray(-4)).toEqual(Buffer.from([127, 0, 0, 1]))
  expect(count(answerTo(query(15)))).toBe(1)
  expect(count(answerTo(query(16)))).toBe(0)
  expect(answerTo(Buffer.from('noise'))).toBeNull()
  expect(answerTo(query(1).subarray(0, 18))).toBeNull()
})
