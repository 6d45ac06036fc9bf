// A long queue: messages for a host that is dead, beside Postfix with the same. What they cost (memory, start-up, listing,
// operators' actions), and whether a living destination is as fast as with an empty queue.
//   node bench/queue.js [--quick] [--messages 200000] [--live 20000] [--without postfix] [--json]
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { given, megabytes, option, report, table } from './support/figures.js'
import { benchFolder } from './support/folder.js'
import { document, mailgw, program, startGateway, writeDocument } from './support/mailgw.js'
import { settled } from './support/pairs.js'
import { startPostfix, withoutPostfix } from './support/postfix.js'
import { memory } from './support/processes.js'
import { startSink } from './support/sink.js'
import { smtpSource } from './support/source.js'
import { freePort, pause } from './support/wait.js'

const messages = Number(option('messages') ?? (given('quick') ? 20_000 : 200_000))
const live = Number(option('live') ?? 20_000)
const rounds = 3
const sizeBytes = 2048
const sessions = 20

/** A port that answers nothing but resets: bound by us, so that nobody else takes it meanwhile. */
async function deadPort() {
  const server = createServer((socket) => socket.resetAndDestroy())
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  return server.address().port
}

const seconds = async (work) => {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}

/** Runs a program and counts its lines: what it prints is read, and kept by nobody. */
function lines(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let count = 0
    child.stdout.on('data', (chunk) => {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) count++
    })
    let errors = ''
    child.stderr.on('data', (chunk) => (errors += chunk))
    child.once('error', reject)
    child.once('close', (code) => (code === 0 ? resolve(count) : reject(new Error(`${command}: ${errors}`))))
  })
}

/** Messages a second that reach the sink. */
async function throughput(port, sink, count) {
  const before = (await sink.counts()).unique
  const { startedAt } = await smtpSource({ port, messages: count, sessions, sizeBytes, kept: true, to: 'r@live.test' })
  const { lastAt } = await settled(sink, before + count)
  return count / ((lastAt - startedAt) / 1000)
}

async function throughputs(port, sink, count) {
  await throughput(port, sink, Math.ceil(count / 5))
  const all = []
  for (let round = 0; round < rounds; round++) all.push(await throughput(port, sink, count))
  return all
}

const fill = (port, count) => smtpSource({ port, messages: count, sessions, sizeBytes, kept: true, to: 'r@dead.test' })

async function ofMailgw(folder) {
  const [port, dead, other] = [await freePort(), await deadPort(), await deadPort()]
  const sink = await startSink()
  const content = (hosts) => ({
    ...document({ port, sinkPort: sink.port }),
    relays: {
      sink: { hosts: [`127.0.0.1:${sink.port}`], tls: 'off' },
      dead: { hosts: [`127.0.0.1:${hosts}`], tls: 'off' },
    },
    localMx: { 'dead.test': 'relay:dead', '*': 'relay:sink' },
  })
  const source = ['--config', writeDocument(folder, content(dead))]
  let gateway = await startGateway({ folder, port, source })
  const { stateDir } = gateway
  const ask = (...args) => mailgw(...args, '--json', '--state-dir', stateDir)
  const gap = async () => (await ask('status')).eventLoopGapMs
  try {
    const empty = await throughputs(port, sink, live)
    const before = memory(gateway.pid)
    const filling = await seconds(() => fill(port, messages))
    await pause(1000)
    const after = memory(gateway.pid)
    const full = await throughputs(port, sink, live)
    const gapOfTraffic = await gap()
    await gateway.stop()

    gateway = await startGateway({ folder, port, source: [] })
    const { greetedMs } = gateway
    await until(async () => (await ask('status')).nextHops.some(({ waiting }) => waiting === messages))
    await pause(3000)
    const gapOfStart = await gap()
    const started = memory(gateway.pid)
    const opened = lastEvent(join(folder, 'log'), 'queue.opened')
    const list = {
      page: await seconds(() => lines(process.execPath, [program, 'queue', 'list', '--state-dir', stateDir])),
      all: await seconds(async () => {
        const args = ['queue', 'list', '--all', '--state-dir', stateDir]
        const printed = await lines(process.execPath, [program, ...args])
        if (printed !== messages + 1) throw new Error(`${printed} lines for ${messages} messages`)
      }),
      json: await seconds(() =>
        lines(process.execPath, [program, 'queue', 'list', '--all', '--json', '--state-dir', stateDir]),
      ),
    }
    const gapOfLists = await gap()
    const status = await seconds(() => ask('status'))
    const reason = ['--reason', 'bench']
    const actions = {}
    const act = async (name, ...args) => {
      const one = await startGap(ask)
      actions[name] = { seconds: await seconds(() => ask('queue', ...args)), gapMs: await one() }
    }
    await act('hold', 'hold', '--all', ...reason)
    await act('release', 'release', '--all')
    await act('retry', 'retry', '--all')
    await act('reroute', 'reroute', '--all')
    writeDocument(folder, content(other))
    const apply = await startGap(ask)
    actions.apply = { seconds: await seconds(() => ask('apply', ...source)), gapMs: 0 }
    await until(async () => (await ask('status')).nextHops.filter(({ waiting }) => waiting === messages).length === 1)
    actions.apply.gapMs = await apply()
    await act('drop', 'drop', '--all', '--yes', ...reason)
    await pause(3000)
    const dropped = memory(gateway.pid)
    return {
      name: 'mailgw',
      empty,
      full,
      filling,
      memory: { before: before.rss, after: after.rss, started: started.rss, dropped: dropped.rss },
      startMs: greetedMs,
      openedMs: opened.tookMs,
      list,
      status,
      gaps: { traffic: gapOfTraffic, start: gapOfStart, lists: gapOfLists },
      actions,
    }
  } finally {
    await gateway.stop('SIGKILL')
    await sink.stop()
  }
}

/** The longest gap of the event loop is of the whole life: what an action adds is what is above it. */
async function startGap(ask) {
  const before = (await ask('status')).eventLoopGapMs
  return async () => {
    const after = (await ask('status')).eventLoopGapMs
    return after > before ? after : null
  }
}

async function ofPostfix(folder) {
  const [port, dead] = [await freePort(), await deadPort()]
  const sink = await startSink()
  mkdirSync(folder, { recursive: true })
  const more = `transport_maps = inline:{dead.test=smtp:[127.0.0.1]:${dead}}\n`
  const etc = join(folder, 'etc')
  const start = () => startPostfix({ folder, port, sinkPort: sink.port, more })
  let postfix = await start()
  try {
    const empty = await throughputs(port, sink, Math.ceil(live / 10))
    const before = memory(postfix.pid)
    const filling = await seconds(() => fill(port, messages))
    await pause(1000)
    const after = memory(postfix.pid)
    const full = await throughputs(port, sink, Math.ceil(live / 10))
    const startMs =
      (await seconds(async () => {
        await postfix.stop()
        postfix = await start()
      })) * 1000
    await pause(3000)
    const started = memory(postfix.pid)
    const list = {
      page: null,
      all: await seconds(() => lines('postqueue', ['-c', etc, '-p'])),
      json: await seconds(() => lines('postqueue', ['-c', etc, '-j'])),
    }
    const actions = {}
    const act = async (name, flag) => {
      actions[name] = { seconds: await seconds(() => lines('postsuper', ['-c', etc, flag, 'ALL'])), gapMs: null }
    }
    await act('hold', '-h')
    await act('release', '-H')
    await act('drop', '-d')
    const rss = { before: before.rss, after: after.rss, started: started.rss, dropped: null }
    return {
      name: 'postfix',
      empty,
      full,
      filling,
      memory: rss,
      startMs,
      openedMs: null,
      list,
      status: null,
      gaps: null,
      actions,
    }
  } finally {
    await postfix.stop()
    await sink.stop()
  }
}

async function until(isTrue) {
  for (const end = Date.now() + 60_000; !(await isTrue()); await pause(200)) {
    if (Date.now() > end) throw new Error('waited in vain')
  }
}

function lastEvent(file, event) {
  const found = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes(`"${event}"`))
  return JSON.parse(found.at(-1))
}

const text = (value, digits = 1, unit = '') =>
  value === null || value === undefined ? '-' : `${value.toFixed(digits)}${unit}`
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length

function print(results) {
  const row = (what, of) => [what, ...results.map(of)]
  const perMessage = ({ memory: { before, after } }) => text((after - before) / messages / 1024, 2, ' KiB')
  const action = (name) =>
    row(`queue ${name}, all of it`, ({ actions }) => {
      const one = actions[name]
      if (one === undefined) return '-'
      return `${text(one.seconds, 1, ' s')}${one.gapMs === null ? '' : `, gap ${text(one.gapMs)} ms`}`
    })
  return table(
    [`${messages} messages of 2 KB for a dead host`, ...results.map(({ name }) => name)],
    [
      row('live messages a second, empty queue', ({ empty }) => text(mean(empty), 0)),
      row('live messages a second, long queue', ({ full }) => text(mean(full), 0)),
      row('share of it', ({ empty, full }) => text((mean(full) / mean(empty)) * 100, 0, ' %')),
      row('accepting the queue', ({ filling }) => text(filling, 0, ' s')),
      row('memory before', ({ memory }) => text(megabytes(memory.before), 0, ' MiB')),
      row('memory with the queue', ({ memory }) => text(megabytes(memory.after), 0, ' MiB')),
      row('a message', perMessage),
      row('memory after a start', ({ memory }) => text(megabytes(memory.started), 0, ' MiB')),
      row('start to greeting', ({ startMs }) => text(startMs / 1000, 2, ' s')),
      row('of it reading the spool', ({ openedMs }) => text(openedMs === null ? null : openedMs / 1000, 2, ' s')),
      row('list, 100 rows', ({ list }) => text(list.page, 2, ' s')),
      row('list, all', ({ list }) => text(list.all, 1, ' s')),
      row('list, all, as JSON', ({ list }) => text(list.json, 1, ' s')),
      row('status', ({ status }) => text(status, 2, ' s')),
      row('longest gap, traffic', ({ gaps }) => text(gaps?.traffic, 1, ' ms')),
      row('longest gap, start', ({ gaps }) => text(gaps?.start, 1, ' ms')),
      row('longest gap, start and lists', ({ gaps }) => text(gaps?.lists, 1, ' ms')),
      ...['hold', 'release', 'retry', 'reroute', 'apply', 'drop'].map(action),
      row('memory when it is dropped', ({ memory }) =>
        text(memory.dropped === null ? null : megabytes(memory.dropped), 0, ' MiB'),
      ),
    ],
  )
}

const folder = benchFolder()
const results = [await ofMailgw(join(folder, 'mailgw'))]
const why = given('without') && option('without') === 'postfix' ? 'not asked for' : withoutPostfix()
if (why === null) results.push(await ofPostfix(join(folder, 'postfix')))
else process.stderr.write(`SKIP Postfix: ${why}\n`)
report({ messages, live, results }, ({ results: all }) => print(all))
