// The relay contest: mailgw and Postfix in turn, smtp-source on one side and the counting sink on the other.
//   node bench/relay.js [--only w2,w3] [--rounds 3] [--quick] [--tls] [--with direct] [--without postfix] [--json]
// `--tls`: both are reached by TLS from the first octet, on kept connections and with a handshake each (w1, w2 by default).
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { given, median, megabytes, option, report, spread, table } from './support/figures.js'
import { benchFolder } from './support/folder.js'
import { startMailgw } from './support/mailgw.js'
import { settled } from './support/pairs.js'
import { startPostfix, withoutPostfix } from './support/postfix.js'
import { cpuSeconds, watchMemory } from './support/processes.js'
import { startSink } from './support/sink.js'
import { smtpSource } from './support/source.js'
import { certificateIn, startTlsFront, withoutTls } from './support/tls-front.js'
import { freePort, pause } from './support/wait.js'

/** `messages`: so many that each contestant works for some seconds. `bar`: of the task. `goal`: of the design. */
const workloads = [
  {
    id: 'w1',
    what: '2 KB, 20 sessions, a connection each',
    sizeBytes: 2048,
    sessions: 20,
    kept: false,
    messages: { mailgw: 20_000, postfix: 3000, direct: 20_000 },
    bar: 4,
    goal: 7,
  },
  {
    id: 'w2',
    what: '2 KB, 20 kept connections',
    sizeBytes: 2048,
    sessions: 20,
    kept: true,
    messages: { mailgw: 30_000, postfix: 3000, direct: 50_000 },
    bar: 8,
    goal: 12,
    cpuBar: 12,
    cpuGoal: 25,
  },
  {
    id: 'w3',
    what: '100 KB, 20 kept connections',
    sizeBytes: 102_400,
    sessions: 20,
    kept: true,
    messages: { mailgw: 10_000, postfix: 1500, direct: 20_000 },
    bar: 6,
    goal: 12,
  },
  {
    id: 'w4',
    what: '10 MB, 4 kept connections',
    sizeBytes: 10 * 1024 * 1024,
    sessions: 4,
    kept: true,
    messages: { mailgw: 300, postfix: 80, direct: 400 },
    bar: 2.5,
    goal: 5,
    memoryBarMb: 100,
  },
  {
    id: 'w5',
    what: '2 KB, 50 recipients, 20 kept connections',
    sizeBytes: 2048,
    sessions: 20,
    kept: true,
    recipients: 50,
    messages: { mailgw: 3000, postfix: 500, direct: 3000 },
    bar: 5,
    goal: 9,
  },
]

const tls = given('tls')

const direct = async ({ sinkPort, sinkPid }) => ({ name: 'direct', port: sinkPort, pid: sinkPid, stop: async () => {} })
const starts = new Map([
  ['mailgw', startMailgw],
  ['postfix', startPostfix],
  ['direct', direct],
])

/** A contestant with a sink of its own, warmed up. */
async function enter(name, folder, workload) {
  const sink = await startSink()
  const place = join(folder, name)
  mkdirSync(place, { recursive: true })
  const port = await freePort()
  const front = tls && name !== 'direct' ? await startTlsFront({ folder: join(place, 'front'), port }) : null
  const contestant = await starts.get(name)({
    folder: place,
    port,
    sinkPort: sink.port,
    sinkPid: sink.pid,
    ...(front && { tls: await certificateIn(place), greetsAt: front.port }),
  })
  const entry = { name, sink, contestant, front, expected: 0, rounds: [] }
  await run(entry, workload, Math.ceil(count(workload, name) / 10))
  return entry
}

const count = (workload, name) => Math.ceil(workload.messages[name] / (given('quick') ? 10 : 1))

/** Sends, waits until the sink has everything, and measures both ends of it. */
async function run(entry, { sizeBytes, sessions, kept, recipients = 1 }, messages) {
  const { sink, contestant, front } = entry
  entry.expected += messages * recipients
  const cpuBefore = cpuSeconds(contestant.pid)
  const watch = watchMemory(contestant.pid)
  const { startedAt, seconds } = await smtpSource({
    port: front?.port ?? contestant.port,
    messages,
    sessions,
    sizeBytes,
    recipients,
    kept,
  })
  const counts = await settled(sink, entry.expected)
  // What is done behind the last delivery (marks, files removed) belongs to the price of a message.
  await pause(500)
  return {
    messages,
    accepted: messages / seconds,
    delivered: messages / ((counts.lastAt - startedAt) / 1000),
    cpuPer1000: ((cpuSeconds(contestant.pid) - cpuBefore) / messages) * 1000,
    memory: watch.stop(),
  }
}

async function contest(workload, names, rounds) {
  const folder = join(benchFolder(), workload.id)
  const entries = []
  try {
    for (const name of names) entries.push(await enter(name, folder, workload))
    for (let round = 0; round < rounds; round++) {
      for (const entry of entries) entry.rounds.push(await run(entry, workload, count(workload, entry.name)))
    }
    const results = []
    for (const { name, sink, rounds, expected } of entries) {
      const { unique, duplicates } = await sink.counts()
      results.push({ name, rounds, lost: expected - unique, duplicated: duplicates })
    }
    return { workload, results }
  } finally {
    for (const { contestant, front, sink } of entries) {
      await contestant.stop()
      await front?.stop()
      await sink.stop()
    }
  }
}

/** How many times better mailgw was, by the medians; `null` without both of them. */
function ratiosOf({ workload, results }) {
  const of = (name, key) => {
    const result = results.find((one) => one.name === name)
    return result === undefined ? null : median(result.rounds.map((round) => round[key]))
  }
  const ratio = (key, better) => {
    const [ours, theirs] = [of('mailgw', key), of('postfix', key)]
    return ours === null || theirs === null ? null : better(ours, theirs)
  }
  const ours = results.find(({ name }) => name === 'mailgw')
  return {
    workload: workload.id,
    delivered: ratio('delivered', (a, b) => a / b),
    accepted: ratio('accepted', (a, b) => a / b),
    cpu: ratio('cpuPer1000', (a, b) => b / a),
    // Those of the task are of clear text.
    bar: tls ? null : workload.bar,
    goal: tls ? null : workload.goal,
    cpuBar: tls ? null : (workload.cpuBar ?? null),
    cpuGoal: tls ? null : (workload.cpuGoal ?? null),
    peakMb: ours === undefined ? null : Math.max(...ours.rounds.map(({ memory }) => megabytes(memory.rss))),
    memoryBarMb: workload.memoryBarMb ?? null,
    lost: ours?.lost ?? null,
    duplicated: ours?.duplicated ?? null,
  }
}

function print({ contests, ratios, skipped }) {
  const text = []
  for (const { workload, results } of contests) {
    text.push(`### ${workload.id}: ${workload.what}${tls ? ', TLS' : ''}`, '')
    const head = [
      'contestant',
      'messages',
      'accepted/s',
      'delivered/s',
      'CPU s per 1,000',
      'RSS MB',
      'anonymous MB',
      'processes',
      'lost',
      'doubled',
    ]
    const rows = results.map(({ name, rounds, lost, duplicated }) => {
      const all = (pick) => rounds.map(pick)
      const peak = (pick) => Math.max(...all(pick)).toFixed(0)
      return [
        name,
        rounds[0].messages,
        spread(all((r) => r.accepted)),
        spread(all((r) => r.delivered)),
        spread(
          all((r) => r.cpuPer1000),
          3,
        ),
        peak((r) => megabytes(r.memory.rss)),
        peak((r) => megabytes(r.memory.anonymous)),
        peak((r) => r.memory.processes),
        lost,
        duplicated,
      ]
    })
    text.push(table(head, rows), '')
  }
  const times = (value) => (value === null ? 'not measured' : value.toFixed(1))
  const verdict = (value, bar) =>
    value === null || bar === null ? '-' : `${bar} ${value >= bar ? 'reached' : 'MISSED'}`
  text.push('### mailgw against Postfix, times (medians)', '')
  text.push(
    table(
      ['workload', 'delivered', 'bar', 'goal', 'accepted', 'CPU', 'bar', 'goal', 'peak MB', 'bar'],
      ratios.map((r) => [
        r.workload,
        times(r.delivered),
        verdict(r.delivered, r.bar),
        verdict(r.delivered, r.goal),
        times(r.accepted),
        times(r.cpu),
        verdict(r.cpu, r.cpuBar),
        verdict(r.cpu, r.cpuGoal),
        r.peakMb?.toFixed(0) ?? '-',
        r.memoryBarMb === null || r.peakMb === null
          ? '-'
          : `${r.memoryBarMb} ${r.peakMb < r.memoryBarMb ? 'reached' : 'MISSED'}`,
      ]),
    ),
  )
  if (skipped !== null) text.push('', `Postfix was not measured: ${skipped}.`)
  return text.join('\n')
}

const only = option('only')?.split(',') ?? (tls ? ['w1', 'w2'] : workloads.map(({ id }) => id))
const skipped = given('without') && option('without').includes('postfix') ? '--without' : withoutPostfix()
if (tls && withoutTls() !== null) {
  console.error(`TLS is not measured: ${withoutTls()}`)
  process.exit(1)
}
const names = [...starts.keys()].filter((name) => {
  if (name === 'direct') return option('with')?.includes('direct') === true
  if (name === 'postfix') return skipped === null
  return !(option('without') ?? '').includes(name)
})
const rounds = Number(option('rounds') ?? (given('quick') ? 1 : 3))
const contests = []
for (const workload of workloads.filter(({ id }) => only.includes(id))) {
  if (!given('json')) console.error(`${workload.id}: ${names.join(', ')}, ${rounds} rounds`)
  contests.push(await contest(workload, names, rounds))
}
report({ contests, ratios: contests.map(ratiosOf), skipped }, print)
