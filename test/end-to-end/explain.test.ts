import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { deliveries, settled } from '../../bench/support/pairs.js'
import type { Sink } from '../../bench/support/sink.js'
import { readBundle } from '../../src/graph/bundle.ts'
import { bareLine } from '../../src/graph/evaluator.ts'
import { type Branch, type Explanation, explain } from '../../src/graph/explanation.ts'
import type { Outcome } from '../../src/graph/graph.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import { parseIp } from '../../src/mail/ip.ts'
import { parseMailbox } from '../../src/mail/path.ts'
import { type LogLine, type Running, startGateway, until } from '../support/gateway.ts'
import { freePort, peers, tempFolder } from '../support/peer.ts'
import { seed } from '../support/seed.ts'
import { startSink } from '../support/sink.ts'
import { openClient, queuedId } from './client.ts'

// What `explain` says of a message is what the running gateway does with it: 10,000 random tuples of (listener, client,
// sender, recipient, size), each sent over real SMTP from the client's own address, the reply compared octet by octet,
// the deciding row by its position, and the next hop by where the message came out.
const count = 10_000

/** Numerical Recipes' generator: a seed that failed can be run again. */
let state = seed
const random = (below: number): number =>
  Math.floor(((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32) * below)
const pick = <Value>(values: readonly Value[]): Value => values[random(values.length)]!

const clients = ['127.0.0.1', '127.0.0.2', '127.1.0.1', '127.1.2.3', '127.1.2.4', '127.1.2.200', '127.2.0.1'].concat([
  '127.2.9.9',
  '127.3.0.1',
  '127.3.3.3',
  '127.4.4.4',
  '127.5.0.7',
  '127.5.0.8',
  '127.9.9.9',
  '127.66.1.1',
])
const senders = [
  '',
  'ann@corp.test',
  'Ann@CORP.test',
  'scanner@corp.test',
  'x@spam.test',
  'x@sub.spam.test',
  'bulk@news.test',
].concat([
  'bob@sister.test',
  'any@deep.er.sister.test',
  'postmaster@corp.test',
  'me@elsewhere.org',
  '"odd one"@corp.test',
])
const recipients = ['ann@corp.test', 'ANN@corp.test', 'bob@corp.test', 'nobody@corp.test', 'postmaster@corp.test']
  .concat([
    'sales@corp.test',
    'everybody@corp.test',
    'abuse@corp.test',
    'x@any.test',
    'who@park.test',
    'known@park.test',
  ])
  .concat(['x@catch.test', 'real@catch.test', 'x@relayed.test', 'x@sub.relayed.test', 'x@deep.sub.relayed.test'])
  .concat([
    'x@closed.test',
    'x@held.test',
    'x@gone.test',
    'x@elsewhere.org',
    'x@far.elsewhere.org',
    'victim@elsewhere.org',
  ])
  .concat(['x@constructor', '"a b"@corp.test', 'x@sister.test', 'y@xn--bcher-kva.test'])
const sizes = [300, 1000, 2000, 3000, 3001, 5000, 65_535, 65_536, 65_537, 81_920, 81_921]

function siteDocument(ports: { mx: number; inside: number; sinks: readonly number[] }): object {
  const [first, second, third] = ports.sinks
  return {
    hostname: 'gateway.test',
    postmaster: 'postmaster@corp.test',
    listeners: {
      outside: { kind: 'mx', bind: `0.0.0.0:${ports.mx}`, maxSize: '64KiB' },
      inside: { kind: 'internal', bind: `0.0.0.0:${ports.inside}` },
    },
    trusted: ['127.1.0.0/16', '127.2.0.0/16'],
    clients: {
      scanner: {
        networks: ['127.1.2.3', '127.3.3.0/24'],
        internal: true,
        senders: ['scanner@corp.test'],
        maxSize: '64KiB',
      },
      sister: { networks: ['127.5.0.0/16'], senders: ['sister.test', '*.sister.test', '<>'], recipients: ['*.test'] },
    },
    domains: {
      'corp.test': { recipients: ['ann', 'bob'] },
      'any.test': 'local',
      'park.test': { recipients: ['known'], unknown: 'park' },
      'catch.test': { recipients: ['real'], unknown: { catchAll: 'ann@corp.test' } },
      'relayed.test': 'relay',
      '*.relayed.test': 'relay',
      'closed.test': 'relay',
      'xn--bcher-kva.test': 'local',
    },
    relaying: 'two-way',
    relays: { first: { hosts: [`127.0.0.1:${first}`], tls: 'off' } },
    localMx: {
      'relayed.test': 'relay:first',
      '*.relayed.test': `127.0.0.1:${second}`,
      'deep.sub.relayed.test': `127.0.0.1:${third}`,
      'closed.test': { reject: { code: 550, text: '5.1.2 closed for good' } },
      'held.test': { hold: 'until the move' },
      'gone.test': 'discard',
      '*.elsewhere.org': `127.0.0.1:${third}`,
      '*': `127.0.0.1:${second}`,
    },
    aliases: {
      'sales@corp.test': ['ann@corp.test', 'seller@relayed.test'],
      'everybody@corp.test': ['sales@corp.test', 'bob@corp.test', 'x@far.elsewhere.org'],
    },
    deny: [
      { when: { client: ['127.4.0.0/16'] } },
      { when: { sender: ['spam.test', '*.spam.test'] } },
      {
        when: { sender: 'bulk@news.test', recipient: 'corp.test' },
        then: { reject: { code: 451, text: '4.7.1 not now' } },
      },
      { when: { recipient: ['victim@elsewhere.org'], client: ['127.2.0.0/16'] } },
      {
        when: { size: { over: '3KB' }, recipient: ['any.test'] },
        then: { reject: { code: 552, text: '5.3.4 too much for any' } },
      },
      { when: { listener: 'inside', sender: ['<>'], recipient: ['elsewhere.org'] } },
    ],
    dnsbl: [{ id: 'zen', zone: 'zen.test', onError: 'ignore' }],
    limits: { sessions: 1000, sessionsPerClient: 100, maxErrors: 10_000, maxSize: '80KiB' },
    timeouts: { session: '10m' },
  }
}

type Tuple = {
  readonly number: number
  readonly listener: 'outside' | 'inside'
  readonly client: string
  readonly from: string
  readonly to: string
  readonly sizeBytes: number
}
/** What came of a tuple: the stage that ended it and its reply, or the id of the queued message. */
type Answer = { readonly refused: string | null; readonly id: string | null }

/** Exactly so many octets, as RFC 1870 counts them. */
function content({ number, sizeBytes }: Tuple): string {
  const head = `Message-Id: <tuple.${number}@test>\r\n\r\n`
  const rest = sizeBytes - head.length
  const lines = `${'x'.repeat(98)}\r\n`.repeat(Math.ceil(rest / 100))
  return `${head}${lines.slice(lines.length - rest)}`
}

/** All tuples of one client at one listener, over one kept session. */
async function send(port: number, client: string, tuples: readonly Tuple[], answers: Answer[]): Promise<void> {
  // A client that is refused outright is greeted with that refusal.
  const session = await openClient(port, client).catch((error: Error) => /greeted with (.*)$/.exec(error.message)?.[1])
  for (const tuple of tuples) {
    if (typeof session !== 'object') {
      answers[tuple.number] = { refused: session ?? 'no greeting', id: null }
      continue
    }
    const [mail, rcpt] = await session.replies(
      2,
      `MAIL FROM:<${tuple.from}> SIZE=${tuple.sizeBytes}`,
      `RCPT TO:<${tuple.to}>`,
    )
    let refused = [mail!, rcpt!].find((reply) => !reply.startsWith('2')) ?? null
    let id: string | null = null
    if (refused === null) {
      session.write('DATA\r\n')
      const ready = await session.reply()
      const end = ready.startsWith('354') ? await session.say(`${content(tuple)}.`) : ready
      if (end.startsWith('250')) id = queuedId(end)
      else refused = end
    }
    answers[tuple.number] = { refused, id }
    await session.say('RSET')
  }
  if (typeof session === 'object') session.close()
}

/** Nobody asks a list about loopback (RFC 5782 §5): every client here is clear, whatever the list would say. */
const assumed = new Map<string, Outcome>([['dnsbl.zen', 'clear']])

function explained(
  running: ReturnType<typeof interpreter>,
  { listener, client, from, to, sizeBytes }: Tuple,
): Explanation {
  const parsed = <Value>(result: { ok: true; value: Value } | { ok: false; error: string }): Value => {
    if (!result.ok) throw new Error(result.error)
    return result.value
  }
  return explain(
    running,
    {
      ...bareLine,
      listener,
      client: parsed(parseIp(client)),
      sender: from === '' ? null : parsed(parseMailbox(from)),
      recipient: parsed(parseMailbox(to)),
      sizeBytes,
      hops: 0,
    },
    assumed,
  )
}

const text = ({ end }: Branch): string | null =>
  end.kind === 'refused' ? `${end.reply.code} ${end.reply.status} ${end.reply.text}` : null

/** The row that let the recipient in, as the log names it. */
function winner({ walks }: Branch): string {
  const walk = walks.findLast(({ stage }) => stage === 'rcpt')!
  return walk.file === null ? walk.at : `${walk.at} (${walk.file}:${walk.line}:${walk.column})`
}

async function servedGraph(gateway: Running): Promise<ReturnType<typeof interpreter>> {
  const { graph } = await gateway.status()
  const file = join(gateway.stateDir, 'graphs', `${graph.replace(':', '-')}.mgw`)
  const bundle = readBundle(readFileSync(file, 'utf8'))
  if (!bundle.ok) throw new Error(bundle.error)
  return interpreter(bundle.value.graph, bundle.value.sources, bundle.value.hash)
}

test.skipIf(!peers('cc'))(
  `explain says what the running gateway does, ${count} times (MAILGW_SEED=${seed})`,
  async () => {
    const folder = tempFolder()
    const pairFiles = ['first', 'second', 'third'].map((name) => join(folder, name))
    const sinks: Sink[] = []
    for (const file of pairFiles) sinks.push(await startSink('--pairs', file))
    const ports = {
      mx: await freePort(),
      inside: await freePort(),
      sinks: sinks.map(({ port }) => port),
    }
    const gateway = await startGateway(siteDocument(ports))
    const served = await servedGraph(gateway)

    const tuples: Tuple[] = Array.from({ length: count }, (_, number) => ({
      number,
      listener: pick(['outside', 'inside'] as const),
      client: pick(clients),
      from: pick(senders),
      to: pick(recipients),
      sizeBytes: pick(sizes),
    }))
    const answers: Answer[] = []
    await Promise.all(
      (['outside', 'inside'] as const).flatMap((listener) =>
        clients.map((client) => {
          const own = tuples.filter((tuple) => tuple.listener === listener && tuple.client === client)
          return send(listener === 'outside' ? ports.mx : ports.inside, client, own, answers)
        }),
      ),
    )

    // Replies, and the row that decided.
    const rowOf = await acceptedRows(gateway, answers)
    const expectedAt: string[][] = sinks.map(() => [])
    const wrong: object[] = []
    for (const tuple of tuples) {
      const explanation = explained(served, tuple)
      const { refused, id } = answers[tuple.number]!
      const says = text(explanation.outcome)
      if (says !== refused) wrong.push({ tuple, says, refused })
      else if (id !== null && rowOf.get(id) !== winner(explanation.outcome)) {
        wrong.push({ tuple, says: winner(explanation.outcome), logged: rowOf.get(id) })
      }
      const { end } = explanation.outcome
      for (const { mailbox, route } of end.kind === 'accepted' ? end.finals : []) {
        const at = route === 'to relay first' ? 0 : sinks.findIndex(({ port }) => route === `to 127.0.0.1:${port}`)
        if (at >= 0) expectedAt[at]!.push(`<tuple.${tuple.number}@test>\t${mailbox}`)
      }
    }
    expect(wrong.slice(0, 3), `${wrong.length} of ${count} differ`).toEqual([])

    // Next hops: what came out at each sink is what was to go there.
    for (const [i, sink] of sinks.entries()) {
      await settled(sink, expectedAt[i]!.length)
      await sink.stop()
      const came = readFileSync(pairFiles[i]!, 'latin1')
        .split('\n')
        .filter((line) => line.startsWith('<tuple.'))
      expect(came.sort(), `at sink ${i}`).toEqual(expectedAt[i]!.sort())
      expect(deliveries(pairFiles[i]!).size).toBeGreaterThan(0)
    }

    // The questions were worth asking: each end has its share.
    const accepted = answers.filter(({ id }) => id !== null).length
    const replies = new Set(answers.map(({ refused }) => refused))
    expect(accepted).toBeGreaterThan(count / 20)
    expect(accepted).toBeLessThan(count - count / 20)
    expect(replies.size).toBeGreaterThan(10)
  },
  120_000,
)

/** By id, the row that `message.accepted` names. */
async function acceptedRows(gateway: Running, answers: readonly Answer[]): Promise<ReadonlyMap<string, string>> {
  const ids = answers.filter(({ id }) => id !== null).length
  const lines = (await until('every accepted message is logged', () => {
    const found = gateway.log().filter((line: LogLine) => line.event === 'message.accepted' && line['client'] !== null)
    return found.length >= ids ? found : null
  }))!
  return new Map(lines.map((line) => [String(line['id']), String(line['at'])]))
}
