import { expect, test } from 'vitest'
import { compareGraphs } from '../../src/analysis/compare.ts'
import { compile } from '../../src/compile/compile.ts'
import { makeBundle } from '../../src/graph/bundle.ts'
import type { Overlay } from '../../src/graph/overlay.ts'
import { overlaidGraph } from '../../src/graph/overlay-graph.ts'
import { noSources } from '../../src/graph/sources.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { aDocument, domain, list, route } from '../compile/a-document.ts'

const common = { owner: 'ann', reason: 'drill', since: 0, until: 1 }
const deny = {
  kind: 'deny',
  client: null,
  sender: null,
  recipient: null,
  listener: null,
  code: 550,
  text: 'no',
} as const

const overlays: readonly Overlay[] = [
  { id: 'deny-000001', ...common, ...deny, client: '10.1.0.0/16', listener: 'lan' },
  { id: 'deny-000002', ...common, ...deny, sender: '*.bad.example', code: 451 },
  { id: 'deny-000003', ...common, ...deny, recipient: 'ann@example.com' },
  { id: 'ban-000004', ...common, kind: 'ban', client: '192.0.2.7' as IpAddress },
  { id: 'hold-000005', ...common, kind: 'hold', domain: '*.lab.example', nextHop: null },
  { id: 'hold-000006', ...common, kind: 'hold', domain: null, nextHop: 'relay:isp' },
]

test.each(overlays)(
  'the plan of a graph with $id has nothing that was refused before and is accepted now',
  (overlay) => {
    const { graph } = compile(
      aDocument({
        domains: [domain('example.com', 'local', ['ann', 'bob'])],
        dnsbl: [list('zen')],
        localMx: [
          route('*', { kind: 'relay', relay: 'isp' }),
          route('closed.lab.example', { kind: 'reject', code: 550, status: '5.1.2', text: 'closed' }),
        ],
      }),
    )
    const [before, after] = [makeBundle(graph, noSources), makeBundle(overlaidGraph(graph, [overlay]), noSources)]
    const { changes, unknown, settings } = compareGraphs(before, after)
    expect(unknown).toEqual([])
    expect(settings).toEqual([])
    expect(changes.length).toBeGreaterThan(0)
    for (const { kind, witness } of changes) {
      expect(['refused', 'rerouted', 'text']).toContain(kind)
      if (kind === 'rerouted') {
        const ways = witness.to.kind === 'accepted' ? witness.to.finals.map((final) => final.route.kind) : []
        expect(ways).toContain('hold')
      }
    }
  },
)
