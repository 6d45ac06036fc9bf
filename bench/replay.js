import { createReadStream } from 'node:fs'
import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { openReplay } from '../dist/analysis/replay.js'
import { everyMessage } from '../dist/graph/box.js'
import { readBundle } from '../dist/graph/bundle.js'
import { envelopeLine, parseEnvelopeLine } from '../dist/mail/envelope-record.js'
import { bundleOfDocument, bundleOfRoutes, documentOfRoutes, questionsFor } from './routes.js'

/**
 * Recorded envelopes against two graphs of 100,000 routes that differ in a hundred of them: from a file as the gateway
 * writes it, line by line, to the counts of each change. Needs `npm run build`.
 */
const { values } = parseArgs({ options: { json: { type: 'boolean' }, quick: { type: 'boolean' } } })
const routes = 100_000
const count = values.quick ? 100_000 : 1_000_000

const folder = await mkdtemp(join(tmpdir(), 'mailgw-bench-'))
const file = join(folder, 'envelopes.ndjson')
await writeRecords(file)

const before = readBundle(bundleOfRoutes(routes)).value
const after = readBundle(bundleOfDocument(movedRoutes())).value
const boxes = Array.from({ length: 14 }, (_, i) => ({
  ...everyMessage,
  recipients: Array.from({ length: 7 }, (_, j) => ({
    pattern: `customer${1 + 1000 * (i * 7 + j)}.example`,
    except: [],
  })),
}))
const changeSet = { changes: boxes.map((box) => ({ box })), unknown: [] }

const start = performance.now()
const replay = openReplay(before, after, changeSet)
const openMs = performance.now() - start
const cpu = process.cpuUsage()
for await (const line of createInterface({ input: createReadStream(file, { highWaterMark: 1 << 20 }) })) {
  for (const record of parseEnvelopeLine(line)) replay.add(record)
}
const tookMs = performance.now() - start
const { user, system } = process.cpuUsage(cpu)
const result = replay.result()
const { size } = await stat(file)
await rm(folder, { recursive: true, force: true })

const inChanges = result.changes.reduce((sum, { records }) => sum + records, 0)
if (result.records !== count || inChanges === 0 || result.outside.records > 0 || result.unknown.unreadable > 0) {
  throw new Error(`the replay went wrong: ${JSON.stringify(result)}`)
}
const row = {
  routes,
  envelopes: count,
  logBytes: size,
  buildBothMs: Math.round(openMs),
  tookMs: Math.round(tookMs),
  envelopesPerSecond: Math.round((count / (tookMs - openMs)) * 1000),
  // Reading, parsing and both graphs; without building them.
  cpuMicrosPerEnvelope: Math.round(((user + system) / count) * 10) / 10,
  inChanges,
  rssBytes: process.memoryUsage.rss(),
}
if (values.json) console.log(JSON.stringify([row], null, 2))
else console.table([row])

/** The same, but that each thousandth customer goes elsewhere. */
function movedRoutes() {
  const document = documentOfRoutes(routes)
  const localMx = document.localMx.map((route, i) =>
    i % 1000 === 1 && i < 98_000
      ? { ...route, target: { kind: 'hosts', hosts: [{ host: 'moved.dest.example', port: 25 }] } }
      : route,
  )
  return { ...document, localMx }
}

async function writeRecords(path) {
  const handle = await open(path, 'w')
  const questions = questionsFor(routes, 65_536)
  let text = ''
  for (let i = 0; i < count; i++) {
    const { client, sender, recipient } = questions[(i * 40_503) % questions.length]
    text += envelopeLine({
      time: 1_700_000_000_000 + i,
      listener: 'mx',
      client,
      from: sender.text,
      // Every record another recipient: nothing is gained by remembering.
      to: `user${i}@${recipient.domain}`,
      size: 2000 + (i % 5000),
      hops: 1,
      answers: {},
      verdict: 'accepted',
      stage: 'data',
      code: 250,
      at: `localMx["${recipient.domain}"] (routes.tsv:${i % routes}:1)`,
      graph: `g1:${'a'.repeat(52)}`,
      id: `1H8Z${String(i).padStart(9, '0')}`,
    })
    if (text.length > 1 << 20) {
      await handle.write(text)
      text = ''
    }
  }
  await handle.write(text)
  await handle.close()
}
