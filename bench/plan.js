import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compareGraphs } from '../dist/analysis/compare.js'
import { compile } from '../dist/compile/compile.js'
import { makeBundle, readBundle, writeBundle } from '../dist/graph/bundle.js'
import { sourcesOf } from '../dist/graph/sources.js'
import { parseMailbox } from '../dist/mail/path.js'
import { documentOfRoutes } from './routes.js'
import { given, median, megabytes, report, table } from './support/figures.js'

/**
 * The plan of two documents of 100,000 routes, 10,000 networks and 10,000 sender entries: from the two graphs to the
 * boxes, each with its witness asked of the plain interpreter. Every run is a process of its own, so that none is faster
 * by what another has left behind. Needs `npm run build`.
 */
const cases = [
  { name: '20 edits, 50 targets', targets: 50, edits: 20, barMs: 1000, barMegabytes: 400 },
  {
    name: 'all targets distinct, all changed',
    targets: Number.POSITIVE_INFINITY,
    edits: 20,
    barMs: 2500,
    barMegabytes: null,
  },
  { name: 'no edit', targets: 50, edits: 0, barMs: 1000, barMegabytes: 400 },
]

async function measureAll() {
  const rounds = given('quick') ? 1 : 3
  const folder = await mkdtemp(join(tmpdir(), 'mailgw-bench-'))
  try {
    const results = []
    for (const { name, targets, edits, barMs, barMegabytes } of cases) {
      await writeFile(join(folder, 'before.mgw'), bundleOf(base(targets)))
      await writeFile(join(folder, 'after.mgw'), bundleOf(edited(base(targets), edits, targets)))
      const runs = Array.from({ length: rounds }, () => runOne(folder))
      const ms = median(runs.map((run) => run.ms))
      const peak = Math.max(...runs.map((run) => run.peakMegabytes))
      results.push({
        name,
        ms: Math.round(ms),
        cpuMs: Math.round(median(runs.map((run) => run.cpuMs))),
        barMs,
        peakMegabytes: Math.round(peak),
        boxes: runs[0].boxes,
        kinds: runs[0].kinds,
        reached: ms <= barMs && (barMegabytes === null || peak <= barMegabytes),
      })
    }
    report({ routes: 100_000, networks: 10_000, senders: 10_000, results }, ({ results }) =>
      table(
        ['plan of two documents', 'ms', 'CPU ms', 'bar', 'peak MB', 'boxes', 'reached'],
        results.map((one) => [
          one.name,
          one.ms,
          one.cpuMs,
          one.barMs,
          one.peakMegabytes,
          one.boxes,
          one.reached ? 'yes' : 'no',
        ]),
      ),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function runOne(folder) {
  const run = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--one', folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (run.status !== 0) throw new Error(`the measurement ended with ${run.status}`)
  return JSON.parse(run.stdout)
}

async function measureOne(folder) {
  const [before, after] = await Promise.all(
    ['before.mgw', 'after.mgw'].map(async (name) => readBundle(await readFile(join(folder, name), 'utf8')).value),
  )
  const cpu = process.cpuUsage()
  const start = performance.now()
  const set = compareGraphs(before, after)
  const ms = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  if (set.unknown.length > 0) throw new Error(set.unknown.join(', '))
  const kinds = {}
  for (const { kind } of set.changes) kinds[kind] = (kinds[kind] ?? 0) + 1
  const peakMegabytes = megabytes(process.resourceUsage().maxRSS * 1024)
  process.stdout.write(
    JSON.stringify({ ms, cpuMs: (user + system) / 1000, peakMegabytes, boxes: set.changes.length, kinds }),
  )
  if (given('show')) process.stderr.write(`${JSON.stringify(set.changes, null, 1)}\n`)
}

/** The document of the other measurements, with 10,000 networks among its clients and 10,000 senders that are refused. */
function base(targets) {
  const document = documentOfRoutes(100_000)
  return {
    ...document,
    relays: [relay('isp', 'encrypt')],
    localMx: [
      ...document.localMx.map((row, i) => ({ ...row, target: host(targets === 50 ? i % 50 : i) })),
      { at: 'localMx["*"]', pattern: '*', target: { kind: 'relay', relay: 'isp' } },
    ],
    clients: document.clients.map((client, i) => ({
      ...client,
      networks: Array.from({ length: 500 }, (_, n) => ({
        at: `clients.site${i}.networks[${n}]`,
        network: `10.${i}.${n >> 1}.${(n & 1) * 128}/25`,
      })),
    })),
    deny: [
      ...document.deny,
      rule(1, { sender: Array.from({ length: 10_000 }, (_, i) => `spam${i}.example`) }),
      rule(2, { client: ['192.0.2.0/24', '198.51.100.0/24'] }),
    ],
  }
}

const mailbox = (text) => parseMailbox(text).value
const host = (i) => ({ kind: 'hosts', hosts: [{ host: `host${i}.dest.example`, port: 25 }] })
const relay = (name, tls) => ({
  at: `relays.${name}`,
  name,
  hosts: [{ host: `${name}.example`, port: 587 }],
  tls,
  auth: null,
  connections: 10,
})
const rule = (index, when) => ({
  at: `deny[${index}]`,
  id: `rule-${index}`,
  when: {
    client: null,
    sender: null,
    recipient: null,
    destination: null,
    sizeOverBytes: null,
    listeners: null,
    ...when,
  },
  then: { code: 550, status: '5.7.1', text: `refused by rule ${index}` },
})

/** Up to 20 edits, as people make them; with distinct targets every route changes too. */
function edited(document, edits, targets) {
  if (edits === 0) return { ...document, resolver: { ...document.resolver, attempts: 3 } }
  const localMx = [...document.localMx]
  if (targets !== 50) for (let i = 0; i < 100_000; i++) localMx[i] = { ...localMx[i], target: host(i + 1) }
  // 1 to 10: routes that move, one that is refused, one that is new, one that is gone.
  for (let i = 0; i < 7; i++) localMx[i * 1001] = { ...localMx[i * 1001], target: host(7) }
  localMx[50] = { ...localMx[50], target: { kind: 'reject', code: 550, status: '5.1.1', text: 'closed' } }
  localMx.push({ at: 'localMx["new.example"]', pattern: 'new.example', target: host(3) })
  localMx.splice(777, 1)
  // 11 to 13: a network too wide, one that is gone, one that changes hands.
  const clients = document.clients.map((client) => ({ ...client, networks: [...client.networks] }))
  clients[0].networks.push({ at: 'clients.site0.networks[500]', network: '172.0.0.0/8' })
  clients[1].networks.pop()
  clients[2] = { ...clients[2], senders: ['site2.example'] }
  // 14 to 18: rules.
  const deny = [
    { ...document.deny[0], when: { ...document.deny[0].when, recipient: ['nobody@local0.example'] } },
    { ...document.deny[1], when: { ...document.deny[1].when, sender: document.deny[1].when.sender.slice(2) } },
    { ...document.deny[2], then: { ...document.deny[2].then, text: 'go away' } },
    rule(3, { client: ['203.0.113.0/24'] }),
    rule(4, { sender: ['evil.example'], recipient: ['local1.example'] }),
  ]
  // 19 and 20: a TLS floor, an alias.
  const alias = mailbox('sales@local2.example')
  const aliases = [{ at: 'aliases["sales@local2.example"]', alias, to: [mailbox('joe@local3.example')] }]
  return { ...document, localMx, clients, deny, relays: [relay('isp', 'may')], aliases }
}

function bundleOf(document) {
  const { graph, diagnostics } = compile(document)
  const error = diagnostics.find(({ severity }) => severity === 'error')
  if (error !== undefined) throw new Error(error.message)
  let line = 0
  const sources = sourcesOf(graph, (at) => ({
    file: at.startsWith('localMx') ? 'routes.tsv' : 'mailgw.config.ts',
    line: ++line,
    column: 1,
  }))
  return writeBundle(makeBundle(graph, sources))
}

if (given('one')) await measureOne(process.argv[process.argv.indexOf('--one') + 1])
else await measureAll()
