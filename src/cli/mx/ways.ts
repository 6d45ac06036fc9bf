import { randomInt } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { policyFetcher } from '../../dns/mta-sts/fetch.ts'
import { openMtaSts } from '../../dns/mta-sts/mta-sts.ts'
import type { PolicyFiles } from '../../dns/mta-sts/stored.ts'
import { createResolver } from '../../dns/resolver.ts'
import { policyFinder } from '../../egress/tls-policy/finder.ts'
import { tlsView } from '../../egress/tls-policy/tls-view.ts'
import { readAuthorities } from '../../gateway/authorities.ts'
import { admitDestination } from '../../graph/admission.ts'
import type { Control } from '../../graph/control.ts'
import type { Graph } from '../../graph/graph.ts'
import { noFacts } from '../../graph/route-of.ts'
import { systemClock } from '../../mail/clock.ts'
import type { WayView } from '../../mail/hop-view.ts'
import type { IpAddress } from '../../mail/ip.ts'
import { silentLog } from '../../mail/log.ts'
import type { Mailbox, ReversePath } from '../../mail/path.ts'
import { type IsSelf, ownHost } from '../../route/own-host.ts'
import { stsPolicyView } from '../../route/sts-view.ts'
import { wayOf } from '../../route/way.ts'
import { askForJson } from '../admin-client.ts'
import { chosenSide, runningSide, type Side } from '../explain/sides.ts'
import { type Invocation, type Terminal, textOption } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

/** Where ways are asked for. */
export type Ways = {
  readonly graph: Graph
  /** @param sender `undefined`: nobody in particular */
  of(mailbox: Mailbox, sender?: ReversePath): Promise<WayView>
  close(): void
}

/** The running gateway; with `--config` or `--graph` the name servers of that document, from here. */
export async function openWays(options: Invocation['options'], terminal: Terminal): Promise<Ways> {
  const isNamed = textOption(options, 'config') !== null || textOption(options, 'graph') !== null
  if (isNamed) return await waysFromHere(await chosenSide(options, terminal))
  const socket = socketOf(stateDirOf(options))
  const { bundle } = await runningSide(options)
  return {
    graph: bundle.graph,
    async of({ text }, sender) {
      const query = new URLSearchParams({ recipient: text })
      if (sender !== undefined) query.set('from', sender?.text ?? '')
      return (await askForJson(socket, 'GET', `/v1/mx?${query}`)) as WayView
    },
    close() {},
  }
}

/** For a whole answer of a policy's server. */
const fetchMs = 10_000

/** Nothing is kept: what is shown is of this moment. */
const noFiles: PolicyFiles = { read: async () => [], write: async () => {}, remove: async () => {} }

async function waysFromHere({ bundle, evaluator }: Side): Promise<Ways> {
  const { control } = bundle.graph
  const common = { clock: systemClock, log: silentLog }
  const resolver = createResolver({ ...common, settings: control.resolver, random: randomInt })
  const { dane, mtaSts, except } = policiesOf(control)
  // The file is one of the gateway, and the desk may well not have it: then the usual authorities have to do.
  const read = await readAuthorities(control)
  const ca = read.ok && read.value !== undefined ? { ca: read.value } : {}
  const port = mtaSts === false ? 443 : mtaSts.port
  const fetch = policyFetcher(resolver, () => ({ port, timeoutMs: fetchMs, ...ca }))
  const sts = await openMtaSts({ ...common, resolver, fetch, files: noFiles })
  const policies = policyFinder({ resolver, sts, settings: () => ({ dane, mtaSts: mtaSts !== false, except }) })
  return {
    graph: bundle.graph,
    of: (mailbox, sender) =>
      wayOf(mailbox, sender, {
        evaluator,
        resolver,
        isSelf: selfOf(control),
        denied(address: IpAddress) {
          const verdict = admitDestination(evaluator, { ...noFacts(), destination: address })
          return verdict.kind === 'refuse' ? { at: verdict.winner.at, reply: verdict.reply } : null
        },
        random: randomInt,
        held: () => null,
        tlsOf: tlsView(policies),
        shunnedUntil: () => null,
        sts: async (domain) => (mtaSts === false ? null : stsPolicyView(await sts.find(domain))),
        lane: () => null,
      }),
    close() {
      sts.close()
      resolver.close()
    },
  }
}

function policiesOf({ tlsPolicy }: Control) {
  const { dane, mtaSts = { port: 443 }, except = [] } = tlsPolicy ?? {}
  return { dane: dane !== false, mtaSts, except }
}

/** As the gateway would know itself on this machine. */
function selfOf({ hostname, listeners }: Control): IsSelf {
  const names = [hostname, ...listeners.map((listener) => listener.hostname)].map((name) => name.toLowerCase())
  const bound = listeners.flatMap(({ bind }) => bind.map(({ host, port }) => ({ address: host, port })))
  const interfaces = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))
  return ownHost({ names, bound: () => bound, interfaces: () => interfaces })
}
