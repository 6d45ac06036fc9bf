import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FleetGateway, type FleetProof, proveFleet } from '../../src/analysis/fleet-loops.ts'
import { compile } from '../../src/compile/compile.ts'
import type { Document } from '../../src/config/document.ts'
import { type Bundle, makeBundle } from '../../src/graph/bundle.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import { routeOf } from '../../src/graph/route-of.ts'
import { sourcesOf } from '../../src/graph/sources.ts'
import { aDocument, alias, domain, mailbox, route } from '../compile/a-document.ts'

const address = (n: number) => `192.0.2.${n + 1}`
const to = (n: number) => ({ kind: 'hosts' as const, hosts: [{ host: address(n), port: 25 }] })
const outside = { kind: 'hosts' as const, hosts: [{ host: '198.51.100.1', port: 25 }] }
type Rows = Readonly<Record<string, Document['localMx'][number]['target']>>

function bundle(rows: Rows, part: Partial<Document> = {}): Bundle {
  const localMx = Object.entries(rows).map(([pattern, target]) => route(pattern, target))
  const { graph } = compile(aDocument({ domains: [], localMx, ...part }))
  return makeBundle(
    graph,
    sourcesOf(graph, (at) => ({ file: 'mailgw.config.ts', line: at.length, column: 1 })),
  )
}

const gateway = (n: number, before: Bundle, after: Bundle | null = null): FleetGateway => ({
  name: `gw${n + 1}`,
  machine: null,
  names: [`gw${n + 1}.corp.example`],
  sockets: [{ host: address(n), port: 25 }],
  before,
  after,
})

const hops = (loop: FleetProof['loop']) =>
  loop?.map(({ gateway, recipient, nextHop }) => `${gateway}: ${recipient} -> ${nextHop.host}`) ?? null

describe('while waves differ, each hop may be decided by either graph', () => {
  test('a fleet whose gateways send to each other for different domains is proved', () => {
    const edge = bundle({ 'corp.example': to(1), '*': outside })
    const inner = bundle({ 'corp.example': { kind: 'deliver', dir: 'mail' }, '*': to(0) })
    expect(proveFleet([gateway(0, edge), gateway(1, inner)])).toMatchObject({ loop: null, loopBefore: null })
  })

  test('two gateways that swap who holds a domain are both right, and a loop in between', () => {
    const here = bundle({ 'x.example': { kind: 'hold', reason: 'here' }, '*': outside })
    const [there0, there1] = [bundle({ 'x.example': to(1) }), bundle({ 'x.example': to(0) })]
    expect(proveFleet([gateway(0, here), gateway(1, there1)]).loop).toBeNull()
    expect(proveFleet([gateway(0, there0), gateway(1, here)]).loop).toBeNull()

    const proof = proveFleet([gateway(0, there0, here), gateway(1, here, there1)])
    expect(hops(proof.loop)?.sort()).toEqual([
      'gw1: somebody@x.example -> 192.0.2.2',
      'gw2: somebody@x.example -> 192.0.2.1',
    ])
    expect(proof.loop?.find(({ gateway }) => gateway === 'gw2')).toMatchObject({
      graph: there1.hash,
      at: 'localMx["x.example"]',
      place: { file: 'mailgw.config.ts', line: 20, column: 1 },
    })
  })

  test('a loop that is there today does not stop the change that ends it, and is told', () => {
    const [there0, there1] = [bundle({ '*': to(1) }), bundle({ '*': to(0) })]
    const proof = proveFleet([gateway(0, there0, bundle({ '*': outside })), gateway(1, there1)])
    expect(proof.loop).toBeNull()
    expect(hops(proof.loopBefore)).toHaveLength(2)
  })

  test('a gateway that sends to itself is a loop of one', () => {
    const proof = proveFleet([gateway(0, bundle({ '*': outside }), bundle({ 'a.example': to(0), '*': outside }))])
    expect(hops(proof.loop)).toEqual(['gw1: somebody@a.example -> 192.0.2.1'])
  })

  test('a recipient is followed through aliases', () => {
    const domains = [domain('a.example')]
    const first = bundle(
      { 'b.example': to(1), '*': outside },
      { domains, aliases: [alias('list@a.example', 'list@b.example')] },
    )
    const second = bundle(
      { 'a.example': to(0), '*': outside },
      { domains: [domain('b.example')], aliases: [alias('list@b.example', 'list@a.example')] },
    )
    expect(hops(proveFleet([gateway(0, first), gateway(1, bundle({}), second)]).loop)?.sort()).toEqual([
      'gw1: list@b.example -> 192.0.2.2',
      'gw2: list@a.example -> 192.0.2.1',
    ])
  })

  test('the most specific row decides: a loop for a whole domain is none for the host below it', () => {
    const wide = bundle({ '*.lab.example': to(1), 'a.lab.example': outside })
    const back = bundle({ '*.lab.example': outside, 'a.lab.example': to(0) })
    expect(proveFleet([gateway(0, wide), gateway(1, back)])).toMatchObject({ loop: null, loopBefore: null })
  })
})

describe('who is meant by a host', () => {
  const rows = { '*': { kind: 'hosts' as const, hosts: [{ host: 'GW2.corp.example', port: 25 }] } }
  const back = bundle({ '*': to(0) })

  test('a gateway is known by its names, and by its listeners', () => {
    expect(proveFleet([gateway(0, bundle({}), bundle(rows)), gateway(1, back)]).loop).toHaveLength(2)
  })

  test('equal graphs that were read apart, as from two files, are followed alike', () => {
    const [first, second] = [bundle(rows), bundle(rows)]
    expect(first.hash).toBe(second.hash)
    const proof = proveFleet([gateway(0, first), gateway(1, bundle({ '*': outside }), second)])
    expect(hops(proof.loop)).toEqual(['gw2: somebody@any.elsewhere -> GW2.corp.example'])
  })

  test('another port is another server', () => {
    const other = { ...gateway(1, back), sockets: [{ host: address(1), port: 2525 }] }
    expect(proveFleet([gateway(0, bundle({}), bundle(rows)), other]).loop).toBeNull()
  })

  test('loopback is a gateway of the same machine', () => {
    const near = bundle({ '*': { kind: 'hosts', hosts: [{ host: '127.0.0.1', port: 26 }] } })
    const pair = (machines: readonly [string | null, string | null]) => [
      { ...gateway(0, bundle({}), near), machine: machines[0] },
      { ...gateway(1, back), machine: machines[1], sockets: [{ host: '0.0.0.0', port: 26 }] },
    ]
    expect(proveFleet(pair(['here', 'here'])).loop).toHaveLength(2)
    expect(proveFleet(pair(['here', 'there'])).loop).toBeNull()
    expect(proveFleet(pair([null, null])).loop).toBeNull()
  })

  test('a relay leads to each of its hosts', () => {
    const hosts = [
      { host: '198.51.100.1', port: 25 },
      { host: address(1), port: 25 },
    ]
    const relays = [{ at: 'relays.r', name: 'r', hosts, tls: 'may' as const, auth: null, connections: 1 }]
    const relayed = bundle({ '*': { kind: 'relay', relay: 'r' } }, { relays })
    expect(proveFleet([gateway(0, bundle({}), relayed), gateway(1, back)]).loop).toHaveLength(2)
  })

  test('where the DNS decides, the proof says what it takes for granted', () => {
    const { assumes } = proveFleet([gateway(0, bundle({ '*': { kind: 'mx', tls: 'may' } }))])
    expect(assumes).toEqual(['the MX hosts of domains that are routed by mx() are none of these gateways'])
  })
})

/** Every hop that a message may make, found by asking the plain interpreter about every recipient. */
function walkedIntoCircle(fleet: readonly FleetGateway[], recipients: readonly string[]): boolean {
  return recipients.some((recipient) => {
    const step = (n: number): { peer: number; fresh: boolean }[] =>
      [fleet[n]!.before, fleet[n]!.after].flatMap((bundle, version) => {
        if (bundle === null) return []
        const found = routeOf(interpreter(bundle.graph, bundle.sources, bundle.hash), mailbox(recipient))
        if (found.kind !== 'next-hop' || found.nextHop.kind !== 'hosts') return []
        const host = found.nextHop.hosts[0]!.host
        const peer = fleet.findIndex((_, i) => address(i) === host)
        return peer < 0 ? [] : [{ peer, fresh: version === 1 }]
      })
    const stale = (n: number, peer: number) => step(n).some((edge) => edge.peer === peer && !edge.fresh)
    const reaches = (from: number, goal: number, seen: readonly number[]): boolean =>
      from === goal || (!seen.includes(from) && step(from).some(({ peer }) => reaches(peer, goal, [...seen, from])))
    return fleet.some((_, n) => step(n).some(({ peer, fresh }) => fresh && !stale(n, peer) && reaches(peer, n, [])))
  })
}

test('the proof agrees with a walk through every state of random fleets', () => {
  const patterns = ['*', '*.a.example', 'b.a.example', '*.b.a.example', 'c.example']
  const recipients = ['u@z.test', 'u@y.a.example', 'u@b.a.example', 'u@y.b.a.example', 'u@c.example']
  const target = fc.constantFrom(outside, to(0), to(1), to(2), { kind: 'hold' as const, reason: 'x' })
  const rows = fc.dictionary(fc.constantFrom(...patterns), target, { minKeys: 1 })
  let loops = 0
  fc.assert(
    fc.property(fc.array(fc.tuple(rows, fc.option(rows)), { minLength: 3, maxLength: 3 }), (fleet) => {
      const members = fleet.map(([before, after], n) =>
        gateway(n, bundle(before), after === null ? null : bundle(after)),
      )
      const { loop } = proveFleet(members)
      const same = members.map((member) => ({
        ...member,
        after: member.after?.hash === member.before.hash ? null : member.after,
      }))
      if (loop !== null) loops++
      expect(loop !== null).toBe(walkedIntoCircle(same, recipients))
      for (const { gateway: name, graph, recipient, nextHop } of loop ?? []) {
        const member = members.find((one) => one.name === name)!
        const { graph: of, sources, hash } = member.before.hash === graph ? member.before : member.after!
        expect(routeOf(interpreter(of, sources, hash), mailbox(recipient))).toMatchObject({
          nextHop: { hosts: [nextHop] },
        })
      }
    }),
    { numRuns: 150 },
  )
  expect(loops).toBeGreaterThan(20)
})
