// Clients that mean no good beside one that sends 20 messages a second, each over a connection of its own. Printed for
// every attack: what the well-behaved client saw (from connecting to the answer to QUIT), and the gateway's memory.
//   node bench/evil.js [--seconds 15] [--only 'slow readers,...'] [--scale 1] [--quick] [--json]
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { attackNames, attackText, percentile, startAttack, wellBehaved } from './support/evil.js'
import { given, megabytes, option, report, table } from './support/figures.js'
import { benchFolder } from './support/folder.js'
import { startGateway, writeDocument } from './support/mailgw.js'
import { memory } from './support/processes.js'
import { startSink } from './support/sink.js'
import { freePort, pause } from './support/wait.js'

const seconds = Number(option('seconds') ?? (given('quick') ? 3 : 15))
const scale = Number(option('scale') ?? (given('quick') ? 0.3 : 1))
const wanted = (option('only') ?? attackNames.join(',')).split(',')
const barMs = 1000

const folder = join(benchFolder(), 'evil')
mkdirSync(folder, { recursive: true })
const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
execFileSync('openssl', [...request, '-subj', '/CN=mx.here.test', '-keyout', files.key, '-out', files.cert], {
  stdio: 'ignore',
})
const [port, tlsPort] = [await freePort(), await freePort()]
const sink = await startSink()
const document = {
  hostname: 'mx.here.test',
  postmaster: 'postmaster@here.test',
  listeners: {
    mx: { kind: 'mx', bind: `127.0.0.1:${port}` },
    tls: { kind: 'mx', bind: `127.0.0.1:${tlsPort}`, tls: 'implicit' },
  },
  certificates: { main: files },
  domains: { 'here.test': { kind: 'relay', recipients: ['ann'] } },
  relays: { sink: { hosts: [`127.0.0.1:${sink.port}`], tls: 'off' } },
  localMx: { '*': 'relay:sink' },
}
const source = ['--config', writeDocument(folder, document)]
const gateway = await startGateway({ folder, port, source })
const rows = []
try {
  await measure('nothing', null)
  for (const name of wanted) await measure(name, name)
} finally {
  await gateway.stop('SIGKILL')
  await sink.stop()
}
report({ seconds, scale, rows, barMs, reached: rows.every(isReached) }, print)
process.exitCode = rows.every(isReached) ? 0 : 1

async function measure(name, attack) {
  const running = attack === null ? null : startAttack({ attack, port, tlsPort, scale })
  await pause(500)
  const client = wellBehaved({ port })
  await pause(seconds * 1000)
  const { latenciesMs, failures } = await client.stop()
  const peakMb = megabytes(memory(gateway.pid).anonymous)
  const did = running === null ? {} : await running.stop()
  rows.push({
    name,
    offered: latenciesMs.length + failures.length,
    accepted: latenciesMs.length,
    failures: [...new Set(failures)],
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
    maxMs: Math.max(...latenciesMs),
    memoryMb: peakMb,
    did,
  })
  await pause(1000)
}

function isReached({ offered, accepted, p99Ms }) {
  return offered > 0 && accepted === offered && p99Ms < barMs
}

function print({ rows: all, reached }) {
  const lines = all.map((row) => [
    row.name,
    `${row.accepted} of ${row.offered}`,
    ...[row.p50Ms, row.p99Ms, row.maxMs].map((ms) => ms.toFixed(0)),
    row.memoryMb.toFixed(0),
    Object.entries(row.did)
      .map(([what, count]) => `${count} ${what}`)
      .join(', '),
  ])
  const head = ['beside', 'accepted', 'p50 ms', 'p99 ms', 'worst ms', 'gateway MB', 'the other side did']
  const texts = all.flatMap(({ name, failures }) => [
    ...(name === 'nothing' ? [] : [`- ${name}: ${attackText(name)}`]),
    ...failures.map((failure) => `- ${name}: FAILED with ${failure}`),
  ])
  return `${table(head, lines)}\n\n${texts.join('\n')}\n\nbar: all accepted, p99 under ${barMs} ms: ${reached ? 'reached' : 'MISSED'}`
}
