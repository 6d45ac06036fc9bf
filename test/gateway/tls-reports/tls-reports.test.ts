import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Answer } from '../../../src/dns/answer.ts'
import type { TlsResult } from '../../../src/egress/tls-policy/policy.ts'
import { TlsCounts } from '../../../src/gateway/tls-reports/counts.ts'
import { postReport } from '../../../src/gateway/tls-reports/post.ts'
import { openTlsReports, type Reporting } from '../../../src/gateway/tls-reports/tls-reports.ts'
import type { Envelope } from '../../../src/mail/envelope.ts'
import type { IpAddress } from '../../../src/mail/ip.ts'
import { silentLog } from '../../../src/mail/log.ts'
import { readTlsReport } from '../../../src/message/tls-report-read.ts'
import type { Inlet } from '../../../src/queue/intake.ts'
import { mailbox } from '../../egress/lane.ts'
import { authority } from '../../support/certificates.ts'
import { HandClock } from '../../support/hand-clock.ts'
import { peers, tempFolder } from '../../support/peer.ts'

const reporting: Reporting = {
  from: mailbox('postmaster@corp.example'),
  contact: 'postmaster@corp.example',
  organization: 'Corp Example',
  hostname: 'gw.corp.example',
  graphHash: 'g',
}
const hour = 3_600_000
const rua = (uri: string): Answer<readonly string[]> => ({ kind: 'found', value: [`v=TLSRPTv1; rua=${uri}`], ttlMs: 0 })

function result(domain: string, failure: TlsResult['failure'] = null): TlsResult {
  return {
    nextHop: { kind: 'hosts', key: 'h', hosts: [] },
    host: { name: `mx.${domain}`, address: '198.51.100.7' as IpAddress, port: 25 },
    published: { type: 'no-policy-found', domain, text: [], mx: [] },
    failure,
    from: '192.0.2.1',
  }
}

const failed = { type: 'certificate-expired', detail: 'the certificate has expired' } as const

/** Knows how many timers wait: those of the file and of the next reports, when nothing else is under way. */
class CountingClock extends HandClock {
  pending = 0

  override setTimeout(callback: () => void, delayMs: number) {
    this.pending++
    let isOver = false
    const over = () => {
      if (!isOver) this.pending--
      isOver = true
    }
    const timer = super.setTimeout(() => {
      over()
      callback()
    }, delayMs)
    return {
      cancel() {
        over()
        timer.cancel()
      },
    }
  }
}

async function site(file = join(tempFolder(), 'tls-reports.ndjson'), clock = new CountingClock()) {
  const stored: { envelope: Envelope; octets: Buffer }[] = []
  const world = {
    txt: (_: string): Answer<readonly string[]> => rua('mailto:tls@dst.test'),
    active: reporting as Reporting | null,
    posts: [] as string[],
    postAnswer: null as string | null,
  }
  const inlet: Inlet = {
    begin() {
      const chunks: Buffer[] = []
      return {
        id: `Q${stored.length}`,
        write: (chunk) => chunks.push(Buffer.from(chunk)) > 0,
        commit(envelope, _, done) {
          stored.push({ envelope, octets: Buffer.concat(chunks) })
          done(null)
        },
        abort() {},
      }
    },
  }
  const reports = await openTlsReports({
    file,
    reporting: () => world.active,
    resolver: { txt: async (name) => world.txt(name) },
    inlet,
    post: async (url) => {
      world.posts.push(url.href)
      return world.postAnswer
    },
    clock,
    random: () => 0,
    log: silentLog,
  })
  let isOpen = true
  const close = async () => {
    if (isOpen) await reports.close()
    isOpen = false
  }
  onTestFinished(close)
  /** Hour by hour, each until what it has begun is done. */
  const pass = async (hours: number) => {
    for (let i = 0; i < hours; i++) {
      clock.pass(hour)
      while (clock.pending < 2) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  /** Hour by hour until so many messages are stored. */
  const until = async (count: number) => {
    for (let hour = 0; hour < 100 && stored.length < count; hour++) {
      await pass(1)
    }
    expect(stored).toHaveLength(count)
  }
  return { reports, world, stored, clock, file, pass, until, close }
}

// D4 TLSRPT
describe('reports to the owners of other domains (RFC 8460)', () => {
  test('what was counted on a day is told once, after it is over', async () => {
    const { reports, stored, pass, until } = await site()
    reports.count(result('dst.test'))
    reports.count(result('dst.test'))
    reports.count(result('dst.test', failed))
    reports.count(result('dst.test', failed))
    await pass(10)
    expect(stored).toEqual([])
    await until(1)
    expect(stored[0]!.envelope).toMatchObject({ from: { text: 'postmaster@corp.example' }, tls: 'optional' })
    const report = readTlsReport(stored[0]!.octets)
    expect(report).toMatchObject({
      value: {
        organization: 'Corp Example',
        start: Date.UTC(2025, 10, 21),
        end: Date.UTC(2025, 10, 22) - 1000,
        id: '2025-11-21.dst.test@gw.corp.example',
        policies: [
          {
            type: 'no-policy-found',
            domain: 'dst.test',
            successes: 2,
            failures: 2,
            details: [{ type: 'certificate-expired', sessions: 2, mx: 'mx.dst.test', sendingIp: '192.0.2.1' }],
          },
        ],
      },
    })
    await pass(48)
    expect(stored).toHaveLength(1)
    expect(reports.sent()).toEqual({ sent: 1, failed: 0 })
  })

  test('a domain that asks for none gets none, and nobody is counted while the document sends none', async () => {
    const { reports, world, stored, pass } = await site()
    world.txt = () => ({ kind: 'none', nxdomain: true })
    reports.count(result('dst.test'))
    await pass(30)
    world.active = null
    world.txt = () => rua('mailto:tls@dst.test')
    reports.count(result('dst.test'))
    await pass(30)
    world.active = reporting
    await pass(30)
    expect(stored).toEqual([])
  })

  test('a restart forgets nothing, and the count goes on', async () => {
    const first = await site()
    first.reports.count(result('dst.test', failed))
    await first.close()
    const second = await site(first.file, first.clock)
    second.reports.count(result('dst.test', failed))
    await second.until(1)
    expect(readTlsReport(second.stored[0]!.octets)).toMatchObject({ value: { policies: [{ failures: 2 }] } })
  })

  test('a receiver that does not take it is asked again for a day, the others are not', async () => {
    const { reports, world, stored, pass } = await site()
    world.txt = () => rua('mailto:tls@dst.test,https://dst.test/report')
    world.postAnswer = 'dst.test answered 503'
    reports.count(result('dst.test'))
    await pass(70)
    expect(stored).toHaveLength(1)
    expect(world.posts.length).toBeGreaterThan(5)
    expect(world.posts.length).toBeLessThan(60)
    expect(reports.sent()).toEqual({ sent: 1, failed: 1 })
    const tries = world.posts.length
    await pass(24)
    expect(world.posts).toHaveLength(tries)
  })

  test('a name server that does not answer costs no report', async () => {
    const { reports, world, pass, until } = await site()
    world.txt = () => ({ kind: 'failed', why: 'SERVFAIL' })
    reports.count(result('dst.test'))
    await pass(20)
    world.txt = () => rua('mailto:tls@dst.test')
    await until(1)
  })

  test('more domains than are kept are not counted, nor more kinds of failure, and the others are', () => {
    const counts = new TlsCounts()
    const now = Date.UTC(2025, 10, 21, 9)
    for (let i = 0; i < 10_050; i++) counts.add(result(`d${i}.test`), now)
    expect(counts.domains('2025-11-21')).toHaveLength(10_000)
    for (let i = 0; i < 60; i++) counts.add({ ...result('d0.test', failed), from: `192.0.2.${i}` }, now)
    const [policy] = counts.results('2025-11-21', 'd0.test')
    expect(policy).toMatchObject({ successes: 1, failures: 60 })
    expect(policy!.details).toHaveLength(50)
  })
})

describe.skipIf(!peers('openssl'))('a report by HTTPS (§5.4)', () => {
  async function receiver(status: number, names = ['tls.dst.test']) {
    const folder = tempFolder()
    const ca = authority(folder, 'lab')
    const { cert, key } = ca.sign('web', '/CN=web', '2', names)
    const heard: { type: string | undefined; octets: Buffer }[] = []
    const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        heard.push({ type: request.headers['content-type'], octets: Buffer.concat(parts) })
        response.writeHead(status, status === 302 ? { location: 'https://tls.dst.test/other' } : {})
        response.end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const { port } = server.address() as { port: number }
    const post = (denied: (address: IpAddress) => string | null = () => null) =>
      postReport(new URL(`https://tls.dst.test:${port}/v1`), Buffer.from('report'), {
        resolver: { addresses: async () => ({ kind: 'found', value: ['127.0.0.1' as IpAddress], ttlMs: 0 }) },
        denied,
        ca: readFileSync(ca.cert, 'utf8'),
      })
    return { heard, post }
  }

  test('goes out compressed, and 2xx takes it', async () => {
    const { heard, post } = await receiver(201)
    expect(await post()).toBeNull()
    expect(heard).toEqual([{ type: 'application/tlsrpt+gzip', octets: Buffer.from('report') }])
  })

  test('any other answer does not, and a redirect is not followed', async () => {
    for (const status of [302, 500]) {
      const { heard, post } = await receiver(status)
      expect(await post()).toContain(`answered ${status}`)
      expect(heard).toHaveLength(1)
    }
  })

  test('not to a server that is not who it should be, nor where the document forbids it', async () => {
    const wrong = await receiver(200, ['other.test'])
    expect(await wrong.post()).toMatch(/altnames|does not match/)
    expect(wrong.heard).toEqual([])
    const forbidden = await receiver(200)
    expect(await forbidden.post(() => 'not there')).toContain('not there')
    expect(forbidden.heard).toEqual([])
  })
})
