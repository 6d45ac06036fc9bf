import { createHash, randomInt, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { onTestFinished } from 'vitest'
import { policyFetcher } from '../../src/dns/mta-sts/fetch.ts'
import { openMtaSts } from '../../src/dns/mta-sts/mta-sts.ts'
import { policyFiles } from '../../src/dns/mta-sts/stored.ts'
import { createSmtpCarrier } from '../../src/egress/smtp-carrier.ts'
import { policyFinder } from '../../src/egress/tls-policy/finder.ts'
import type { TlsResult } from '../../src/egress/tls-policy/policy.ts'
import { systemClock } from '../../src/mail/clock.ts'
import { storedDomain } from '../../src/mail/domain.ts'
import type { TlsNeed } from '../../src/mail/envelope.ts'
import { type Log, type LogFields, silentLog } from '../../src/mail/log.ts'
import type { NextHop } from '../../src/mail/next-hop.ts'
import type { ResolverSettings, TlsLevel } from '../../src/mail/settings.ts'
import { hostsToTry } from '../../src/route/hosts.ts'
import { resolverOf } from '../dns/lab.ts'
import { type Certificate, authority as newAuthority } from '../support/certificates.ts'
import { tempFolder } from '../support/peer.ts'
import { type PolicyAnswer, startPolicyServer } from '../support/policy-server.ts'
import { type SignedZone, startSignedDns } from '../support/signed-dns.ts'
import { timeouts } from './client.ts'
import { message, testLane } from './lane.ts'
import { type Behave, behave, ehloReply, type OddServer, oddServer, standardEhlo } from './odd-server.ts'

/** One domain with one MX host, and mail to it. */
export type Situation = {
  /** Of the host's certificate: its names and age, and whether an authority that is trusted has signed it. Default: all is well. */
  readonly certificate?: { readonly names?: readonly string[]; readonly days?: string; readonly selfSigned?: true }
  /** What the host does in place of STARTTLS. */
  readonly starttls?: 'stripped' | 'refused' | 'broken'
  readonly offers?: readonly string[]
  /** Records of the zone beside MX and addresses; `tlsa('3 1 1')` is the right one for the host's certificate. */
  readonly records?: (facts: { tlsa(kind: string, of?: Certificate): string; port: number }) => string
  /** In place of the host's address record. */
  readonly host?: string
  readonly unsigned?: true
  readonly tampered?: readonly [string, string]
  /** Answer of `https://mta-sts.<domain>`; with it the TXT record is there. */
  readonly sts?: PolicyAnswer
  readonly level?: TlsLevel
  readonly need?: TlsNeed
  /** A smart host by this name in place of the MX. */
  readonly smartHost?: true
}

export type Lab = {
  /** What came of the mail, by situation: `delivered by dane over TLS`, `waits 4.7.5`; failures for reports behind `!`. */
  readonly outcomes: Readonly<Record<string, string>>
  readonly results: readonly TlsResult[]
  readonly log: readonly { event: string; fields: LogFields }[]
}

export type LabOptions = {
  readonly dane?: boolean
  readonly mtaSts?: boolean
  readonly except?: readonly string[]
  readonly resolver?: Partial<ResolverSettings>
}

/** Sends a message in each situation, all of them in one lab of real name servers. */
export async function tlsLab(
  situations: Readonly<Record<string, Situation>>,
  { dane = true, mtaSts = true, except = [], resolver: asked = {} }: LabOptions = {},
): Promise<Lab> {
  const folder = tempFolder()
  const trusted = newAuthority(folder, 'trusted')
  const unknown = newAuthority(folder, 'unknown')
  const all = await Promise.all(
    Object.entries(situations).map(async ([name, situation], i) => {
      const domain = `d${i}.test`
      const { names = [`mx.${domain}`], days, selfSigned } = situation.certificate ?? {}
      const certificate = (selfSigned === true ? unknown : trusted).sign(`d${i}`, `/CN=d${i}`, days, names)
      const server = await oddServer(behaviour(situation, certificate))
      return { name, situation, domain, certificate, server }
    }),
  )
  const zones: Record<string, SignedZone> = {}
  for (const { situation, domain, certificate, server } of all) {
    const { port } = server
    const tlsa = (kind: string, of: Certificate = certificate) =>
      `_${port}._tcp.mx IN TLSA ${kind} ${digest(of, kind)}\n`
    zones[domain] = {
      records: `@ IN MX 10 mx
${situation.host ?? 'mx IN A 127.0.0.1'}
mta-sts IN A 127.0.0.1
${situation.sts === undefined ? '' : `_mta-sts IN TXT "v=STSv1; id=1;"\n_mta-sts.mx IN TXT "v=STSv1; id=1;"\nmta-sts.mx IN A 127.0.0.1`}
${situation.records?.({ tlsa, port }) ?? ''}`,
      ...(situation.unsigned === true ? { unsigned: true } : {}),
      ...(situation.tampered === undefined ? {} : { tampered: situation.tampered }),
    }
  }
  const dns = await startSignedDns(zones)
  const resolver = resolverOf({
    servers: [{ host: '127.0.0.1', port: dns.port }],
    timeoutMs: 2000,
    attempts: 1,
    ...asked,
  })
  const webNames = all.flatMap(({ domain }) => [`mta-sts.${domain}`, `mta-sts.mx.${domain}`])
  const web = await startPolicyServer(trusted.sign('web', '/CN=web', '2', webNames), (host) => {
    const found = all.find(({ domain }) => host === `mta-sts.${domain}` || host === `mta-sts.mx.${domain}`)
    return found?.situation.sts ?? { kind: 'status', status: 404 }
  })
  const ca = readFileSync(trusted.cert, 'utf8')
  const sts = await openMtaSts({
    resolver,
    fetch: policyFetcher(resolver, () => ({ port: web.port, ca, timeoutMs: 5000 })),
    files: policyFiles(join(folder, 'sts'), silentLog),
    clock: systemClock,
    log: silentLog,
  })
  const log: { event: string; fields: LogFields }[] = []
  const note = (event: string, fields: LogFields = {}) => void log.push({ event, fields })
  const recorder: Log = { debug: note, info: note, warn: note, error: note }
  const results: TlsResult[] = []
  const carrier = createSmtpCarrier({
    settings: () => ({ hostname: 'gw.test', timeouts, limits: { connectionsPerNextHop: 5, connectionsOut: 20 }, ca }),
    hosts: (nextHop) => hostsToTry(nextHop, resolver, { isSelf: () => false, random: randomInt }),
    denied: () => null,
    secrets: async () => '',
    policies: policyFinder({ resolver, sts, settings: () => ({ dane, mtaSts, except }) }),
    onTls: (result) => void results.push(result),
    clock: systemClock,
    log: recorder,
  })
  onTestFinished(() => {
    carrier.close()
    sts.close()
  })

  const outcomes: Record<string, string> = {}
  for (const { name, situation, domain, server } of all) {
    const nextHop = nextHopOf(situation, domain, server.port)
    const lane = testLane(nextHop)
    const { need } = situation
    lane.add(message({ id: name, to: [`b@${domain}`], envelope: need === undefined ? {} : { tls: need } }))
    carrier.wake(lane)
    await lane.until(() => lane.settled.length > 0 || lane.downs.length > 0)
    const line = log.find(({ event, fields }) => event === 'delivery.delivered' && fields['id'] === name)
    const attempt = lane.settled[0]?.attempts[0]
    const outcome =
      line !== undefined
        ? `delivered by ${String(line.fields['policy'])} ${line.fields['tls'] === null ? 'in clear' : 'over TLS'}`
        : attempt !== undefined
          ? `fails ${attempt.status}`
          : `waits ${lane.downs[0]!.why.slice(0, 5)}`
    const failures = results.filter((one) => one.nextHop === nextHop && one.failure !== null)
    outcomes[name] = [outcome, ...new Set(failures.map(({ failure }) => `!${failure!.type}`))].join(' ')
    checkNothingLeaked(name, outcome, server)
  }
  return { outcomes, results, log }
}

/** Mail that was not delivered has not been begun; mail that went over TLS was never seen in clear. */
function checkNothingLeaked(name: string, outcome: string, { sessions }: OddServer): void {
  for (const { heard, secure } of sessions) {
    const began = heard.some((line) => line.startsWith('MAIL'))
    if (began && !outcome.startsWith('delivered')) throw new Error(`${name}: MAIL was sent, and yet ${outcome}`)
    if (began && !secure && outcome.endsWith('TLS')) throw new Error(`${name}: MAIL was sent in clear`)
  }
}

function nextHopOf({ level = 'may', need, smartHost }: Situation, domain: string, port: number): NextHop {
  const tlsNeed = need === undefined ? {} : { tlsNeed: need }
  if (smartHost !== true) {
    return { kind: 'mx', key: `mx:${domain}`, domain: storedDomain(domain), tls: level, port, ...tlsNeed }
  }
  const hosts = [{ host: `mx.${domain}`, port }]
  const relay = { name: domain, hosts, tls: level, auth: null, connections: 2 }
  return { kind: 'relay', key: `relay:${domain}`, relay, ...tlsNeed }
}

function behaviour({ starttls, offers = [] }: Situation, { cert, key }: Certificate): Behave {
  const context = createSecureContext({ cert: readFileSync(cert), key: readFileSync(key) })
  return (verb, line, session) => {
    if (verb === 'EHLO' && session.secure) return ehloReply(...standardEhlo, ...offers)
    if (verb === 'EHLO' && starttls !== 'stripped') return ehloReply(...standardEhlo, 'STARTTLS')
    if (verb === 'STARTTLS') {
      if (starttls === 'refused') return '454 4.7.0 not now\r\n'
      if (starttls === 'broken') return { close: 'after', text: '220 go\r\n' }
      return { tls: context, text: '220 go\r\n' }
    }
    return behave(verb, line, session)
  }
}

/** The data of a TLSA record `kind` (`3 1 1`) of a certificate. */
function digest({ cert }: Certificate, kind: string): string {
  const [, selector, matching] = kind.split(' ')
  const one = new X509Certificate(readFileSync(cert))
  const octets = selector === '0' ? one.raw : one.publicKey.export({ type: 'spki', format: 'der' })
  if (matching === '0') return octets.toString('hex')
  return createHash(matching === '1' ? 'sha256' : 'sha512')
    .update(octets)
    .digest('hex')
}
