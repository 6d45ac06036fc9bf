import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mailgw, writeDocument } from '../mailgw.js'
import { freePort, greeted, pause } from '../wait.js'
import { castOf, isIll, sendersDomain } from './cast.js'
import { fastClock } from './clock.js'
import { startHosts } from './hosts.js'
import { startNames } from './names.js'
import { sendAll } from './senders.js'
import { makeCertificates, startPolicies, startTokens } from './services.js'

const sendersAt = '127.42.0.1'
const smartHostAt = '127.42.0.2'

/**
 * A day on which half of the internet is ill: `messages` to `domains` domains (`cast.js`), with a clock that goes `speed`
 * times as fast as ours; mail expires after `hours` of it. Gives what became of every message. `only`: one kind of domain,
 * to see what its mail is worth without the others.
 */
export async function badDay({ folder, domains, messages, speed, hours, perSecond, only = null, onStep = () => {} }) {
  mkdirSync(folder, { recursive: true })
  const startedAt = Date.now()
  const clock = fastClock({ startedAt, speed })
  const shareOf = () => (clock.now() - startedAt) / (hours * 3_600_000)
  const cast = castOf(domains, only)
  const kinds = new Map(cast.map((domain) => [domain.name, domain]))
  const strict = cast.filter(({ kind }) => kind === 'certificate' || kind === 'downgrade')
  const hostNames = strict.flatMap(({ name }) => [`mx.${name}`, `mta-sts.${name}`])
  const certificates = makeCertificates(folder, [...hostNames, 'here.test'])
  const token = cast.find(({ kind }) => kind === 'token')
  const tokens = await startTokens({
    isIll: () => token !== undefined && isIll(token, shareOf()),
    now: clock.now,
    speed,
  })
  const policies = await startPolicies(certificates.right)
  const names = await startNames({ cast, sendersAt, shareOf })

  const arrivals = new Map()
  const reports = new Map()
  const strange = []
  const taken = (recipient, content, from) => {
    if (recipient.endsWith(`@${sendersDomain}`)) {
      const action = /^Action: (\w+)/im.exec(content)?.[1]
      const of = /^Final-Recipient: rfc822; ?(\S+)/im.exec(content)?.[1]
      if (action === undefined || of === undefined || from !== '')
        strange.push(`${recipient}: ${content.slice(0, 300)}`)
      else reports.set(`${action} ${of}`, (reports.get(`${action} ${of}`) ?? 0) + 1)
      return
    }
    const known = arrivals.get(recipient)
    if (known === undefined) arrivals.set(recipient, { at: performance.now(), times: 1 })
    else known.times++
  }
  const mxPort = await freePort()
  const hosts = await startHosts({
    cast,
    sendersAt,
    smartHostAt,
    port: mxPort,
    now: clock.now,
    shareOf,
    certificates,
    tokens,
    taken,
  })

  const port = await freePort()
  const config = writeDocument(folder, {
    hostname: 'gateway.day.test',
    postmaster: 'postmaster@gateway.day.test',
    listeners: { inside: { kind: 'internal', bind: `127.0.0.1:${port}` } },
    trusted: ['127.0.0.0/8'],
    relaying: 'two-way',
    relays: {
      provider: {
        hosts: [`${smartHostAt}:${mxPort}`],
        tls: 'off',
        auth: {
          user: 'gateway@day.test',
          oauth: { tokenUrl: tokens.url, client: { id: 'day', secret: { $secret: 'env:DAY_SECRET' } } },
        },
      },
    },
    localMx: {
      ...Object.fromEntries(cast.filter(({ kind }) => kind === 'token').map(({ name }) => [name, 'relay:provider'])),
      '*': 'mx',
    },
    mxPort,
    resolver: { servers: [`127.0.0.1:${names.port}`], timeout: '5m' },
    tlsPolicy: { mtaSts: { port: policies.port }, ca: certificates.ca },
    timeouts: { command: '1h', data: '1h', session: '24h', connect: '5m', greeting: '5m', reply: '5m', idle: '5m' },
    retry: { schedule: ['10m', '15m', '20m', '30m'], expireAfter: `${hours}h`, warnAfter: `${hours * 15}m` },
    envelopeLog: 'off',
  })
  mkdirSync(join(folder, 'state/graphs'), { recursive: true, mode: 0o700 })
  const bundle = join(folder, 'graph.mgw')
  await mailgw('graph', '--config', config, '--output', bundle)
  const log = join(folder, 'log')
  const program = fileURLToPath(new URL('gateway.js', import.meta.url))
  const child = spawn(
    process.execPath,
    ['--max-semi-space-size=4', program, bundle, join(folder, 'state'), log, `${startedAt}`, `${speed}`],
    { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, DAY_SECRET: 'secret of the day' } },
  )
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  try {
    if (!(await greeted(port, { gaveUp: () => child.exitCode !== null }))) throw new Error('the gateway did not start')
    const recipients = Array.from({ length: messages }, (_, i) => `u${i}@${cast[i % cast.length].name}`)
    const { acceptedAt, refused } = await sendAll({ port, recipients, perSecond })
    onStep(`${acceptedAt.size} messages accepted, ${(shareOf() * hours).toFixed(1)} h of the day are over`)
    const isEnded = (recipient) => arrivals.has(recipient) || reports.has(`failed ${recipient}`)
    // The last message expires a day after it was accepted; its notification has some of the next.
    const lastShare = shareOf() + 1.3
    let open = recipients
    for (let step = 0; shareOf() < lastShare; step++) {
      open = open.filter((recipient) => !isEnded(recipient))
      if (open.length === 0) break
      if (step % 20 === 0) onStep(`${(shareOf() * hours).toFixed(1)} h: ${open.length} messages under way`)
      await pause(500)
    }
    return outcome({ recipients, acceptedAt, refused })
  } finally {
    child.kill('SIGTERM')
    await Promise.race([ended, pause(20_000)])
    kill()
    process.off('exit', kill)
    for (const service of [tokens, policies, names, hosts]) service.close()
  }

  function outcome({ recipients, acceptedAt, refused }) {
    const rows = new Map()
    const wrong = []
    let doubled = 0
    for (const recipient of recipients) {
      const domain = kinds.get(recipient.slice(recipient.indexOf('@') + 1))
      const row = rows.get(domain.kind) ?? {
        kind: domain.kind,
        text: domain.text,
        delivered: 0,
        failed: 0,
        waitsMs: [],
      }
      rows.set(domain.kind, row)
      const arrived = arrivals.get(recipient)
      const isFailed = reports.has(`failed ${recipient}`)
      if (arrived !== undefined) {
        row.delivered++
        doubled += arrived.times - 1
        row.waitsMs.push(arrived.at - acceptedAt.get(recipient))
      }
      if (isFailed) row.failed++
      const became = arrived === undefined ? (isFailed ? 'failed' : 'lost') : isFailed ? 'both' : 'delivered'
      if (became !== domain.ends) wrong.push(`${recipient} (${domain.text}): ${became} in place of ${domain.ends}`)
    }
    const delayed = [...reports.keys()].filter((key) => key.startsWith('delayed ')).length
    return {
      refused,
      wrong,
      strange,
      doubled,
      delayed,
      reportsTwice: [...reports].filter(([key, times]) => key.startsWith('failed ') && times > 1).length,
      inClear: hosts.counts.inClear,
      rows: [...rows.values()],
      tokens: tokens.counts,
      questions: names.questions(),
      bugs: readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line.includes('.bug"')),
    }
  }
}
