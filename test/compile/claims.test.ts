import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import type { Document } from '../../src/config/document.ts'
import type { BoxEntry, ClaimEntry } from '../../src/config/document-claims.ts'
import { blocksHold, mailboxesHold } from '../../src/graph/box.ts'
import { makeBundle, readBundle, writeBundle } from '../../src/graph/bundle.ts'
import { canonicalJson, graphHash, hashText } from '../../src/graph/canonical.ts'
import { claimText } from '../../src/graph/claim-text.ts'
import { contains, parseBlock } from '../../src/graph/network.ts'
import { printGraph } from '../../src/graph/print.ts'
import { sourcesOf } from '../../src/graph/sources.ts'
import { type IpAddress, ipBytes } from '../../src/mail/ip.ts'
import { aDocument, client, domain, mailbox } from './a-document.ts'

const anyBox: BoxEntry = {
  listeners: null,
  client: null,
  internal: null,
  sender: null,
  recipient: null,
  overBytes: null,
  upToBytes: null,
  dnsbl: [],
}
const claims: readonly ClaimEntry[] = [
  { at: 'prove[0]', kind: 'noOpenRelay' },
  { at: 'prove[1]', kind: 'tlsFloor', pattern: '*.partner.example', level: 'verify' },
  {
    at: 'prove[2]',
    kind: 'onlyVia',
    relay: 'isp',
    box: { ...anyBox, recipient: { in: ['*.lab.example', 'Ann@b.example'], except: ['x.lab.example'] } },
  },
  {
    at: 'prove[3]',
    kind: 'never',
    effect: { relay: 'isp' },
    box: { ...anyBox, listeners: ['mx', 'lan'], internal: false },
  },
  {
    at: 'prove[4]',
    kind: 'always',
    effect: 'refused',
    box: {
      ...anyBox,
      sender: { in: null, except: ['a.example'] },
      overBytes: 100,
      dnsbl: [['zen', ['listed', 'error']]],
    },
  },
  { at: 'prove[5]', kind: 'unchanged', box: { ...anyBox, client: { in: ['10.0.0.0/8'], except: [] } } },
]
const part: Partial<Document> = {
  domains: [domain('b.example', 'relay'), domain('a.example')],
  clients: [
    client('office', ['10.0.0.0/8']),
    client('guests', ['10.99.0.0/16'], { internal: false }),
    client('desk', ['10.99.1.0/24']),
  ],
  prove: claims,
}
const graphOf = (more: Partial<Document> = {}) => compile(aDocument({ ...part, ...more })).graph

test('the graph carries clients, domains and claims, and its name depends on them', () => {
  const graph = graphOf()
  expect(graph.claims.clients.map(([network, isInternal]) => `${network} ${isInternal}`)).toEqual([
    '10.0.0.0/8 true',
    '10.99.0.0/16 false',
    '10.99.1.0/24 true',
  ])
  expect(graph.claims.domains).toEqual([
    ['a.example', 'local', 'domains["a.example"]'],
    ['b.example', 'relay', 'domains["b.example"]'],
  ])
  expect(graphHash(graphOf({ prove: claims.slice(1) }))).not.toBe(graphHash(graph))
  expect(
    graphOf({ relaying: { kind: 'open', reason: 'lab', until: '2030-01-01', at: 'relaying' } }).claims.openRelay,
  ).toEqual({ reason: 'lab', until: '2030-01-01', at: 'relaying' })
})

test('claims are printed as a document writes them', () => {
  const graph = graphOf()
  expect(graph.claims.prove.map(claimText)).toEqual([
    'noOpenRelay()',
    "tlsFloor('*.partner.example', 'verify')",
    "forAll({ recipient: { in: ['*.lab.example', 'ann@b.example'], except: 'x.lab.example' } }).onlyVia('isp')",
    "forAll({ listener: ['lan', 'mx'], client: { in: ['0.0.0.0/0', '10.99.0.0/16', '::/0'], except: ['10.0.0.0/8', '10.99.1.0/24'] } }).never(via('isp'))",
    "forAll({ sender: { except: 'a.example' }, size: { over: 100 }, dnsbl.zen: ['error', 'listed'] }).always('refused')",
    "unchanged({ client: '10.0.0.0/8' })",
  ])
  expect(
    printGraph(
      makeBundle(
        graph,
        sourcesOf(graph, () => null),
      ),
    ),
  ).toContain('claim      noOpenRelay()')
})

test('each claim has its place beside the graph', () => {
  const { places } = sourcesOf(graphOf(), (at) => ({ file: 'x', line: at.length, column: 1 }))
  for (const { at } of claims) expect(places).toContainEqual([at, 0, at.length, 1])
})

const networks = [
  '0.0.0.0/0',
  '10.0.0.0/8',
  '10.0.0.0/16',
  '10.0.1.0/24',
  '10.0.1.7/32',
  '128.0.0.0/1',
  '::/0',
  '2001:db8::/32',
]
const addresses = ['9.9.9.9', '10.1.0.0', '10.0.2.1', '10.0.1.1', '10.0.1.7', '200.1.1.1', '::1', '2001:db8::5']

test('internal is what the longest network says, whatever networks lie in each other', () => {
  const some = fc.uniqueArray(fc.tuple(fc.constantFrom(...networks), fc.boolean()), {
    selector: ([network]) => network,
  })
  fc.assert(
    fc.property(some, fc.boolean(), fc.option(fc.constantFrom(...networks), { nil: null }), (list, internal, also) => {
      const graph = graphOf({
        clients: list.map(([network, isInternal], i) => client(`c${i}`, [network], { internal: isInternal })),
        prove: [
          {
            at: 'prove[0]',
            kind: 'unchanged',
            box: { ...anyBox, internal, client: also === null ? null : { in: [also], except: [] } },
          },
        ],
      })
      const [claim] = graph.claims.prove
      const set = claim?.kind === 'unchanged' ? claim.box.clients! : []
      for (const address of addresses) {
        const bytes = ipBytes(address as IpAddress)
        const holds = (network: string) => contains(parseBlock(network)!, bytes)
        const best = list.filter(([network]) => holds(network)).sort(([a], [b]) => bits(b) - bits(a))[0]
        const want = (best?.[1] ?? false) === internal && (also === null || holds(also))
        expect(blocksHold(set, address as IpAddress), address).toBe(want)
      }
    }),
  )
})
const bits = (network: string) => Number(network.slice(network.indexOf('/') + 1))

const graph = graphOf()
const written = writeBundle(
  makeBundle(
    graph,
    sourcesOf(graph, () => null),
  ),
)
const changed = (change: (claims: Record<string, unknown[]>, prove: Record<string, unknown>[]) => void): string => {
  const copy = JSON.parse(written) as { hash: string; graph: { claims: Record<string, unknown[]> } }
  change(copy.graph.claims, copy.graph.claims['prove'] as Record<string, unknown>[])
  copy.hash = hashText(canonicalJson(copy.graph))
  return JSON.stringify(copy)
}
test.each<[string, Parameters<typeof changed>[0], RegExp]>([
  ['no claims', (all) => delete all['prove'], /graph.claims.prove: expected a value/],
  ['a claim of no kind', (_, [first]) => (first!['kind'] = 'noTrouble'), /prove\[0\]: expected a claim of a kind/],
  ['a claim of another shape', (_, [first]) => (first!['box'] = {}), /prove\[0\]: expected only kind, at, got "box"/],
  ['a floor that is none', (_, prove) => (prove[1]!['level'] = 'off'), /level: expected one of may, encrypt, verify/],
  ['a pattern that is none', (_, prove) => (prove[1]!['pattern'] = 'a..b'), /pattern: expected a domain pattern/],
  ['a network with host bits', (all) => (all['clients']![0] = ['10.0.0.1/8', true, 'x']), /expected an address block/],
  ['clients out of order', (all) => all['clients']!.reverse(), /clients: expected rows sorted/],
  ['a kind of domain', (all) => (all['domains']![0] = ['a.example', 'ours', 'x']), /expected one of local, relay/],
])('a bundle is refused in one sentence: %s', (_, change, error) => {
  const read = readBundle(changed(change))
  expect(read.ok ? 'it was read' : read.error).toMatch(error)
})

test('a bundle with claims comes back as it was', () => {
  const read = readBundle(written)
  expect(read.ok && read.value.graph).toEqual(graph)
})

test('all senders but the null one are all senders but the null one', () => {
  const { claims } = graphOf({
    prove: [{ at: 'prove[0]', kind: 'unchanged', box: { ...anyBox, sender: { in: null, except: ['<>'] } } }],
  })
  const [claim] = claims.prove
  const set = claim?.kind === 'unchanged' ? claim.box.senders! : []
  expect(mailboxesHold(set, null)).toBe(false)
  expect(mailboxesHold(set, mailbox('joe@a.example'))).toBe(true)
})
