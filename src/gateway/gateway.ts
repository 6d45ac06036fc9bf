import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { localIdentity } from '../admin/access.ts'
import { envelopeLines } from '../admin/envelope-files.ts'
import { openEnvelopeLog } from '../admin/envelope-log.ts'
import { openGraphStore } from '../admin/graph-store.ts'
import { openJournal } from '../admin/journal.ts'
import { watchLoopGap } from '../admin/loop-gap.ts'
import type { Operations, Status } from '../admin/operations.ts'
import { OverlayError } from '../admin/overlay-store.ts'
import { openRemoteAdmin } from '../admin/remote.ts'
import { lazyHandler, loadRoutes, openAdmin } from '../admin/server.ts'
import { createResolver } from '../dns/resolver.ts'
import type { SmtpCarrierOptions } from '../egress/dial.ts'
import { createSmtpCarrier } from '../egress/smtp-carrier.ts'
import { Census } from '../ingress/census.ts'
import { openDoors } from '../ingress/doors.ts'
import type { AskOracle } from '../ingress/inquiry.ts'
import { openListener } from '../ingress/listener.ts'
import { openKeyring } from '../ingress/tls/keyring.ts'
import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import { defaultEnvelopeLog, type HostPort } from '../mail/settings.ts'
import { emptyTally } from '../mail/tally.ts'
import { createMaildirCarrier } from '../mailbox/maildir-carrier.ts'
import { lockFolder } from '../queue/lock.ts'
import { openQueue } from '../queue/queue.ts'
import { SpoolError } from '../queue/spool-error.ts'
import { type Activation, openActivation } from './activation.ts'
import { applyAtOnce } from './apply-at-once.ts'
import { startBans } from './bans.ts'
import { connectionsNow } from './connections-now.ts'
import { destinationOperations } from './destinations.ts'
import { firstGraph } from './first-graph.ts'
import { formsOf } from './forms.ts'
import { GatewayError } from './gateway-error.ts'
import { hostChoice } from './host-choice.ts'
import { knownMessage } from './known-message.ts'
import { LearntSizes } from './learnt-sizes.ts'
import type { Live } from './live.ts'
import { startLogins } from './logins.ts'
import { measure } from './measure.ts'
import { startOverlays } from './overlays.ts'
import { queueOperations } from './queue-operations.ts'
import { isInNetwork, queueRoute, trialPause } from './queue-route.ts'
import { secretOperations } from './secret-prints.ts'
import { sizedAdmissions } from './sized-admission.ts'
import { openSockets } from './sockets.ts'
import { archiveOperations, archiveView, startArchive } from './start-archive.ts'
import { dnsOperations } from './start-dns.ts'
import { egressParts } from './start-egress.ts'
import { startJournal } from './start-journal.ts'
import { type RunningOracles, startOracles } from './start-oracles.ts'
import { startRecipientChecks } from './start-recipient-checks.ts'
import { retryingOf } from './start-retrying.ts'
import { startTlsPolicy } from './start-tls-policy.ts'
import { startTokens } from './start-tokens.ts'
import { type Summary, summaryOf } from './summary.ts'

export { GatewayError } from './gateway-error.ts'
export type { Summary } from './summary.ts'

export type GatewayOptions = {
  readonly stateDir: string
  /** The bundle file to start with, given the graph that was active last; `null`: that one. The file stays where it is. */
  readonly bundle: (active: string | null) => string | null
  readonly log: Log
  readonly clock: Clock
  readonly version: string
}

export type Gateway = {
  summary(): Summary
  /** Drains, or cuts when `now`; may be called again to cut. `ended` resolves when all is closed. */
  stop(now: boolean): void
  readonly ended: Promise<void>
}

/**
 * Wires a gateway out of a graph: the one that the options name, or the one that was active last.
 * @throws GatewayError when the folder is taken, the graph cannot serve, or a socket cannot be bound
 */
export async function startGateway({ stateDir, bundle, log, clock, version }: GatewayOptions): Promise<Gateway> {
  const startedAt = clock.now()
  // What was opened, to be closed in the other order.
  const opened: (() => unknown)[] = []
  const closeAll = async () => {
    for (const close of opened.splice(0).reverse()) await close()
  }
  try {
    const lock = lockFolder(stateDir)
    opened.push(() => lock.release())
    const journal = await openJournal(`${stateDir}/journal.ndjson`, { clock, log })
    opened.push(() => journal.close())
    const overlays = await startOverlays({ file: join(stateDir, 'overlays.json'), journal, clock, log })
    opened.push(() => overlays.close())
    const store = await openGraphStore(join(stateDir, 'graphs'))
    let oracles: RunningOracles | null = null
    // No session asks before all of it is there.
    const ask: AskOracle = (oracle, facts, peek) => oracles!.ask(oracle, facts, peek)
    const before = { active: await store.active(), trial: await store.trial() }
    const first = await firstGraph(store, bundle, ask)
    let activation: Activation | null = null
    const live = (): Live => activation?.live ?? first

    const resolver = createResolver({ settings: first.control.resolver, clock, random: randomInt, log })
    opened.push(() => resolver.close())
    // Until there are sockets of our own.
    let boundAddresses = (): HostPort[] => []
    const choice = hostChoice({ live, resolver, bound: () => boundAddresses(), clock, log })
    const tlsPolicy = await startTlsPolicy({ stateDir, live, resolver, clock, log })
    opened.push(() => tlsPolicy.close())
    const tokens = startTokens({ stateDir, resolver, clock, log })
    opened.push(() => tokens.close())
    tokens.take(first)
    const census = new Census(() => smtp.connections())
    const learnt = new LearntSizes()
    const sized = sizedAdmissions(learnt, clock)
    const egress: SmtpCarrierOptions = {
      settings: () => live().smtp,
      policies: tlsPolicy.find,
      onTls: tlsPolicy.seen,
      hosts: choice.hosts,
      denied: (address) => choice.denied(address)?.reply.text ?? null,
      async secrets({ $secret }) {
        const value = live().secrets.get($secret)
        if (value === undefined) throw new Error(`${$secret} was not resolved when the graph was made ready`)
        return value
      },
      tokens,
      ...egressParts({ live, overlays, clock, log }),
      onOpen(nextHop, host, { sizeBytes }) {
        if (live().control.learnSizes !== undefined) learnt.learn(nextHop, host, sizeBytes, clock.now())
      },
      hasRoom: () => census.hasRoom(live().control.limits),
      clock,
      log,
    }
    const smtp = createSmtpCarrier(egress)
    const maildir = createMaildirCarrier({ hostname: live().control.hostname, clock, log })
    const pauses: Activation['pauses'] = (mailbox, entry) => activation?.pauses(mailbox, entry) === true
    const routes = queueRoute({ stateDir, live, overlays, pauses })
    const archive = startArchive({ stateDir, live, clock, log })
    opened.push(() => archive.close())
    const queue = await openQueue({
      dir: stateDir,
      lock,
      clock,
      log,
      route: routes.route,
      ruling: routes.ruling,
      whyNotVia: routes.whyNotVia,
      isIn: isInNetwork,
      // Whoever delivers asks which addresses are ours.
      waits: true,
      carriers: (nextHop) => (nextHop.kind === 'maildir' ? maildir : smtp),
      onResult: (result, recipients) => activation?.delivery(result, recipients),
      form: formsOf(live),
      archive,
      ...retryingOf(live),
    })
    opened.push(() => queue.close())
    tokens.concern(queue)
    overlays.concern(queue)
    await tlsPolicy.concern(queue, egress.denied)

    const envelopes = await openEnvelopeLog({
      folder: join(stateDir, 'envelopes'),
      settings: () => settingsOf(live().control.envelopeLog),
      clock,
      log,
    })
    opened.push(() => envelopes.close())

    const bans = await startBans({
      file: join(stateDir, 'bans.ndjson'),
      settings: () => live().control.bans,
      journal,
      clock,
      log,
    })
    opened.push(() => bans.close())
    const logins = await startLogins({ stateDir, live, resolver, clock, log })
    opened.push(() => logins.close())
    logins.take(first)
    const { addressesOf } = logins
    const recipients = startRecipientChecks({ live, resolver, egress, learnt, clock, log })
    opened.push(() => recipients.close())
    recipients.take(first)
    const asked = await startOracles({ stateDir, live, resolver, addressesOf, recipients, clock, log })
    opened.push(() => asked.close())
    oracles = asked
    const keyring = openKeyring({ clock, log })
    opened.push(() => keyring.close())
    const tally = emptyTally()
    const doors = openDoors((settings, tls) =>
      openListener({
        settings,
        tls,
        admission: () => overlays.restrict(sized(live())),
        waits: true,
        inlet: queue,
        envelopes: envelopes.add,
        tally,
        census,
        guard: bans.guard,
        authenticator: logins,
        version,
        log,
        clock,
      }),
    )
    let begin: (operations: Operations) => void = () => {}
    const ready = new Promise<Operations>((resolve) => (begin = resolve))
    boundAddresses = () => [...doors.listeners.values()].flatMap((listener) => listener.addresses())
    opened.push(() => doors.close())
    const remote = openRemoteAdmin({
      // Asked no sooner than everything is there.
      handle: (identify) => lazyHandler({ operations: ready, uploads: store.folder, identify, log }),
      log,
    })
    opened.push(() => remote.close())
    const sockets = openSockets({ doors, remote, keyring }, { clock, log })
    opened.push(() => sockets.close())
    const bound = await sockets.prepare(first.control)
    bound.commit()
    queue.start()
    // Only now: a graph that cannot bind its sockets is not what a restart should come back to.
    await store.activate(first.hash)
    await startJournal({ journal, store, log }, before, first.hash)

    // From here on: what a start takes holds up nobody.
    const loopGap = watchLoopGap()
    opened.push(() => loopGap.close())

    const opening = openActivation(first, {
      store,
      sockets,
      journal,
      loopGap,
      ask,
      clock,
      log,
      swapped(next) {
        resolver.apply(next.control.resolver)
        logins.take(next)
        tokens.take(next)
        recipients.take(next)
        asked.forgetIds()
        smtp.retire()
        queue.release(trialPause)
        queue.reroute()
      },
      resumed: () => void queue.release(trialPause),
      paused: () => queue.paused(trialPause),
      isDraining: () => draining,
    })
    activation = opening
    opened.push(() => opening.close())

    let draining = false
    let cutting = false
    let end: (() => void) | undefined
    const ended = new Promise<void>((resolve) => (end = resolve))
    const stop = (now: boolean) => {
      if (now && !cutting) {
        cutting = true
        void doors.close()
        smtp.close()
        maildir.close()
      }
      if (draining) return
      draining = true
      log.info('gateway.stopping', { sessions: census.total, cut: now })
      const wound = now ? Promise.resolve() : doors.drain().then(() => (cutting ? undefined : queue.drain()))
      wound
        .then(() =>
          journal.write({ actor: 'gateway', action: 'stop', from: live().hash, reason: now ? 'cut' : 'drained' }),
        )
        .then(closeAll)
        .then(() => log.info('gateway.stopped', {}))
        .catch((error: Error) => log.error('gateway.failed', { error: error.stack }))
        .finally(() => end?.())
    }

    const status = (): Status => ({
      version,
      pid: process.pid,
      startedAt,
      graph: live().hash,
      hostname: live().control.hostname,
      draining,
      listeners: live().control.listeners.map(({ name, kind }) => {
        const listener = doors.listeners.get(name)
        const addresses = (listener?.addresses() ?? []).map(hostPort)
        return { name, kind, addresses, sessions: listener?.count() ?? 0 }
      }),
      certificates: keyring.list(),
      sessions: census.total,
      queue: queue.counts(),
      nextHops: queue.laneStates(),
      overlays: overlays.list(),
      banned: {
        clients: bans.bans().length,
        accounts: new Set(bans.lockOuts().map(({ account }) => account)).size,
      },
      softBounce: live().control.softBounce === true,
      lists: asked.lists(),
      nameServers: resolver.stats().servers,
      watched: asked.watched(),
      credentials: logins.health(),
      recipientChecks: recipients.checks(),
      tokens: tokens.health(),
      archives: archiveView(archive),
      connectionsOut: smtp.connections(),
      unusableSources: smtp.sources(),
      tlsPolicies: tlsPolicy.policies(),
      tlsSessions: tlsPolicy.sessions(),
      tlsReports: tlsPolicy.reports(),
      memory: { rssBytes: process.memoryUsage.rss(), heapUsedBytes: process.memoryUsage().heapUsed },
      eventLoopGapMs: loopGap.maxMs(),
    })
    const operations: Operations = {
      status,
      measured: () =>
        measure({
          status: status(),
          tally,
          queue,
          lists: asked.listStates(),
          dns: resolver.stats(),
          listeners: live().control.listeners,
        }),
      statusNow: () => ({ ...status(), pending: opening.pending }),
      activeBundle: () => store.bundleFile(live().hash),
      async bundleFile(hash) {
        const wanted = hash ?? live().hash
        return (await store.has(wanted)) ? store.bundleFile(wanted) : null
      },
      apply: (file, request, identity) => applyAtOnce(opening, file, request, identity, loopGap),
      upload: opening.upload,
      prepare: opening.prepare,
      activate: opening.activate,
      abort: opening.abort,
      confirm: opening.confirm,
      rollback: opening.rollback,
      trial: opening.trial,
      journal: journal.read,
      overlays: overlays.list,
      addOverlay: overlays.add,
      removeOverlay: overlays.remove,
      bans: bans.bans,
      lockOuts: bans.lockOuts,
      liftBan: bans.lift,
      unlock: bans.unlock,
      recipients,
      connections: (filter) => connectionsNow(doors.listeners.values(), smtp, filter),
      envelopes: async (since, until) => envelopeLines(await envelopes.files(), since, until),
      message: (id) => knownMessage(id, queue, envelopes),
      queue: queueOperations({ queue, routes, live, journal, log }),
      dns: dnsOperations({ live, resolver, egress, smtp, overlays, queue, choice, tlsPolicy, clock, log }),
      archive: archiveOperations(archive, { inlet: queue, journal, live, log }),
      secrets: secretOperations(live),
      destinations: destinationOperations({ queue, smtp, overlays, journal, log }),
      stop: (now) => void setImmediate(stop, now),
    }
    begin(operations)
    const summary = (): Summary => summaryOf(live(), status())
    const identity = localIdentity(process.getuid?.() ?? 0)
    const identify = () => ({ ok: true as const, identity })
    const handler = lazyHandler({ operations: ready, uploads: store.folder, identify, log })
    const admin = await openAdmin(join(stateDir, 'admin.sock'), handler, log)
    opened.splice(3, 0, () => admin.close())
    const loading = clock.setTimeout(() => void loadRoutes(), loadAfterMs)
    opened.push(() => loading.cancel())
    log.info('gateway.ready', { version, pid: process.pid, stateDir, ...summary() })
    return { summary, stop, ended }
  } catch (error) {
    await closeAll()
    if (
      error instanceof SpoolError ||
      error instanceof OverlayError ||
      (error as NodeJS.ErrnoException).code !== undefined
    ) {
      throw new GatewayError((error as Error).message, { cause: error })
    }
    throw error
  }
}

/** Absent in a graph means the usual. */
const settingsOf = (settings: Live['control']['envelopeLog']) =>
  settings === undefined ? defaultEnvelopeLog : settings

/** The first second belongs to whoever waits for the gateway. */
const loadAfterMs = 1000

const hostPort = ({ host, port }: HostPort): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)
