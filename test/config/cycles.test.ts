import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cyclesOf } from '../../src/config/validate-mailboxes.ts'

/** Whether a walk from `node` can come back to it, by looking at everything. */
function comesBack(node: string, next: ReadonlyMap<string, readonly string[]>): boolean {
  const seen = new Set<string>()
  const open = [...(next.get(node) ?? [])]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === node) return true
    if (seen.has(at)) continue
    seen.add(at)
    open.push(...(next.get(at) ?? []))
  }
  return false
}

const graphs = fc
  .array(fc.tuple(fc.nat(9), fc.nat(12)), { maxLength: 30 })
  .map(
    (edges) =>
      new Map(
        Array.from({ length: 10 }, (_, i) => [`${i}`, edges.filter(([from]) => from === i).map(([, to]) => `${to}`)]),
      ),
  )

test('what is reported is a cycle, and while any cycle is left one is reported', () => {
  fc.assert(
    fc.property(graphs, (next) => {
      const cycles = cyclesOf([...next.keys()], (node) => next.get(node) ?? [])
      for (const cycle of cycles) {
        for (const [i, node] of cycle.entries()) expect(next.get(node)).toContain(cycle[(i + 1) % cycle.length])
        expect(new Set(cycle).size).toBe(cycle.length)
      }
      const nodes = cycles.flat()
      expect(new Set(nodes).size).toBe(nodes.length)
      const rest = new Map([...next].filter(([node]) => !nodes.includes(node)))
      for (const node of rest.keys()) expect(comesBack(node, rest)).toBe(false)
    }),
    { numRuns: 3000 },
  )
})

test('a chain of 100,000 needs no stack, and its end back at its start is found', () => {
  const nodes = Array.from({ length: 100_000 }, (_, i) => `${i}`)
  expect(cyclesOf(nodes, (node) => [`${Number(node) + 1}`])).toEqual([])
  const [cycle] = cyclesOf(nodes, (node) => [`${(Number(node) + 1) % nodes.length}`])
  expect(cycle).toHaveLength(100_000)
})
