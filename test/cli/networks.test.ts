import { expect, test } from 'vitest'
import type { ChangeSet } from '../../src/analysis/change-set.ts'
import { networksOf } from '../../src/cli/plan/networks.ts'
import { everyMessage } from '../../src/graph/box.ts'
import type { Graph } from '../../src/graph/graph.ts'
import { changeSet, rerouted } from './plan-fixture.ts'

const graph = (...clients: readonly (readonly [network: string, at: string])[]): Graph =>
  ({ claims: { clients: clients.map(([network, at]) => [network, 'internal', at]) } }) as unknown as Graph
const trusted = (network: string) => [network, `trusted["${network}"]`] as const
const of = (pattern: string, ...except: string[]): ChangeSet => {
  const box = { ...everyMessage, clients: [{ pattern, except }] }
  return { ...changeSet, changes: [{ ...rerouted, box }] }
}

test('a network is trusted only where both documents trust it; otherwise it is said which does', () => {
  const [narrow, wide] = [graph(trusted('192.0.2.0/24')), graph(trusted('192.0.2.0/23'))]
  expect(networksOf(of('192.0.2.0/24'), narrow, wide)).toEqual({ '192.0.2.0/24': 'trusted' })
  expect(networksOf(of('192.0.2.0/23'), narrow, wide)).toEqual({ '192.0.2.0/23': 'newly trusted in part' })
  expect(networksOf(of('192.0.2.0/23'), wide, narrow)).toEqual({ '192.0.2.0/23': 'trusted until now in part' })
  expect(networksOf(of('192.0.2.0/23'), graph(), wide)).toEqual({ '192.0.2.0/23': 'newly trusted' })
  expect(networksOf(of('192.0.2.0/23', '192.0.2.0/24'), narrow, wide)).toEqual({ '192.0.3.0/24': 'newly trusted' })
  expect(networksOf(of('192.0.2.0/23', '192.0.2.0/24'), wide, narrow)).toEqual({ '192.0.3.0/24': 'trusted until now' })
})

test('a network has the name of the smallest one around it', () => {
  const scanner = ['192.0.2.9/32', 'clients.scanner.networks[0]'] as const
  const before = graph(trusted('192.0.2.0/24'))
  const after = graph(trusted('192.0.2.0/24'), scanner)
  expect(networksOf(of('192.0.2.9/32'), before, after)).toEqual({
    '192.0.2.9/32': 'client scanner from now on, trusted until now',
  })
  expect(networksOf(of('203.0.113.0/24'), before, after)).toEqual({})
})
