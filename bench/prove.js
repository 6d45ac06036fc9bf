import { parseArgs } from 'node:util'
import { proofOf } from '../dist/analysis/prove.js'
import { subjectOf } from '../dist/analysis/prove-witness.js'
import { compile } from '../dist/compile/compile.js'
import { validate } from '../dist/config/validate.js'
import { makeBundle } from '../dist/graph/bundle.js'

/**
 * The time of each built-in proof at 100,000 routes, 10,000 networks and 10,000 senders, each proof from nothing: what
 * one of them has made no other uses. Processor time stands beside the time of the clock. Needs `npm run build`.
 */
const { values } = parseArgs({ options: { json: { type: 'boolean' }, quick: { type: 'boolean' } } })
const routes = values.quick ? 10_000 : 100_000
const barMs = 500

const bundle = makeBundle(compile(documentOf(routes)).graph, { files: [], places: [] })
const kinds = [
  'noOpenRelay',
  'noLoops',
  'noDeadRules',
  'everyLocalDomainHasTerminal',
  'noUnreachableRelay',
  'authOnlyOverTls',
  'postmasterAndAbuseAccepted',
  'nullSenderAcceptedForLocal',
  'oraclesFailSafe',
]
const claims = [
  ...kinds.map((kind) => ({ kind, at: '' })),
  { kind: 'tlsFloor', at: '', pattern: '*.3.example', level: 'verify' },
]
const results = claims.map((claim) => {
  const runs = Array.from({ length: 5 }, () => timed(claim))
  runs.sort((a, b) => a.cpuMs - b.cpuMs)
  return { claim: claim.kind, ...runs[2] }
})
const late = results.filter(({ cpuMs }) => cpuMs > barMs)
if (values.json) process.stdout.write(`${JSON.stringify({ routes, barMs, results }, null, 2)}\n`)
else {
  process.stdout.write(`| proof at ${routes} routes | verdict | processor time | clock |\n|---|---|---|---|\n`)
  for (const { claim, verdict, cpuMs, clockMs } of results)
    process.stdout.write(`| ${claim} | ${verdict} | ${cpuMs} ms | ${clockMs} ms |\n`)
  const over = late.map(({ claim }) => claim).join(', ')
  process.stdout.write(`\n${late.length === 0 ? `each within ${barMs} ms` : `over ${barMs} ms: ${over}`}\n`)
}
process.exitCode = late.length === 0 ? 0 : 1

function timed(claim) {
  const subject = subjectOf({ ...bundle, graph: { ...bundle.graph } })
  const [start, before] = [performance.now(), process.cpuUsage()]
  const { verdict } = proofOf(subject, claim, null, 'error')
  const { user, system } = process.cpuUsage(before)
  return { verdict, cpuMs: Math.round((user + system) / 1000), clockMs: Math.round(performance.now() - start) }
}

function documentOf(count) {
  const localMx = { '*': 'relay:isp' }
  for (let i = 0; i < count; i++)
    localMx[`${i % 10 === 0 ? '*.' : ''}d${i}.${i % 7}.example`] = `h${i % 50}.inside.test:26`
  const networks = Array.from({ length: 10_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`)
  const senders = Array.from({ length: 10_000 }, (_, i) => `s${i}.bad.example`)
  const value = {
    hostname: 'gw.corp.com',
    postmaster: 'ann@corp.com',
    listeners: { mx: { kind: 'mx', bind: '127.0.0.1:25' }, lan: { kind: 'internal', bind: '127.0.0.1:26' } },
    domains: { 'corp.com': { recipients: ['ann', 'bob'] }, 'd1.1.example': 'relay' },
    clients: {
      office: { networks, internal: true },
      printers: { networks: ['10.200.0.0/16'], internal: true, senders: ['p@corp.com'], recipients: ['corp.com'] },
    },
    relays: { isp: { hosts: 'isp.com', tls: 'verify' } },
    localMx,
    dnsbl: [{ id: 'zen', zone: 'zen.com', onError: 'ignore' }],
    deny: [
      { when: { sender: senders } },
      { when: { client: '198.51.100.0/24', sender: 'x.com' } },
      { when: { recipient: ['bob@corp.com'], size: { over: '1MB' } } },
    ],
    aliases: { 'sales@corp.com': ['ann@corp.com', 'x@d5.5.example'] },
  }
  const nowhere = { key: () => null, value: () => null }
  const { document, diagnostics } = validate({ file: 'bench', value, positions: nowhere, files: [] })
  if (document === null) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  return document
}
