import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import { type Bundle, makeBundle, readBundle, writeBundle } from '../../src/graph/bundle.ts'
import { canonicalJson, graphHash, hashText, isGraphHash } from '../../src/graph/canonical.ts'
import { flatOf } from '../../src/graph/flat.ts'
import { flatten } from '../../src/graph/flat-build.ts'
import type { Graph, Node } from '../../src/graph/graph.ts'
import { flatEvaluator } from '../../src/graph/runtime.ts'
import { sourcesOf } from '../../src/graph/sources.ts'
import { aDocument, alias, deny, domain, facts, list, route } from '../compile/a-document.ts'

const document = aDocument({
  domains: [domain('example.com', 'local', ['joe', 'ann'])],
  dnsbl: [list('zen')],
  deny: [deny(0, { sender: ['spam.example', '*.spam.example'] }), deny(1, { client: ['192.0.2.0/24'] })],
  aliases: [alias('team@example.com', 'joe@example.com', 'ann@example.com')],
  localMx: [
    route('*', { kind: 'relay', relay: 'isp' }),
    route('b.test', { kind: 'hosts', hosts: [{ host: 'bart', port: 26 }] }),
  ],
})
const bundle = (): Bundle => {
  const { graph } = compile(document)
  return makeBundle(
    graph,
    sourcesOf(graph, (at) => ({ file: 'mailgw.config.ts', line: at.length, column: 3 })),
    { compiler: '1' },
  )
}

describe('canonical text', () => {
  test('keys are sorted, nothing is between, strings are in NFC', () => {
    expect(canonicalJson({ b: 1, a: [null, true, 'e\u0301'], c: undefined })).toBe('{"a":[null,true,"\u00e9"],"b":1}')
  })
  test('a float has none', () => expect(() => canonicalJson({ a: 1.5 })).toThrow('whole numbers'))
  test('the hash is the SHA-256 in base32', () => {
    // echo -n '{}' | sha256sum | xxd -r -p | base32
    expect(hashText('{}')).toBe('g1:iqjw7i2vwntyuekgvulpp2det2kpwt6cd7tx5ayqybqpmhfk76fa')
    expect(isGraphHash(hashText('{}'))).toBe(true)
  })
  test('places are not part of the hash', () => {
    const { graph } = compile(document)
    const moved = makeBundle(
      graph,
      sourcesOf(graph, () => ({ file: 'other.ts', line: 9, column: 9 })),
    )
    expect(moved.hash).toBe(bundle().hash)
    expect(moved.hash).toBe(graphHash(graph))
  })
  test('the order of deny rules is', () => {
    const other = compile({ ...document, deny: document.deny.toReversed() })
    const rule = (index: number) =>
      deny(index, { sender: ['a.test'] }, { code: 550 + index, status: '5.7.1', text: 'x' })
    expect(graphHash(other.graph)).toBe(bundle().hash)
    const one = compile({ ...document, deny: [rule(0), rule(1)] })
    const two = compile({ ...document, deny: [rule(1), rule(0)] })
    expect(graphHash(one.graph)).not.toBe(graphHash(two.graph))
  })
})

test('a bundle comes back from its text as it was', () => {
  const written = bundle()
  expect(readBundle(writeBundle(written))).toEqual({ ok: true, value: written })
})

/** The bundle with something changed, under the hash that the change gives: only the checks of its shape are left. */
function changed(
  change: (graph: {
    nodes: Record<string, unknown>[]
    entry: Record<string, unknown>
    control: Record<string, unknown>
  }) => void,
): string {
  const copy = JSON.parse(writeBundle(bundle())) as { graph: never; hash: string }
  change(copy.graph)
  try {
    copy.hash = hashText(canonicalJson(copy.graph))
  } catch {
    // A number without a canonical text: refused before the hash is looked at.
  }
  return JSON.stringify(copy)
}
const graph = compile(document).graph
const find = (test: (node: Node) => boolean) => {
  const index = graph.nodes.findIndex(test)
  expect(index).toBeGreaterThanOrEqual(0)
  return index
}
const anyTable = find((node) => node.kind === 'table' && node.rows.length > 2)
const refusal = find((node) => node.kind === 'refuse')
const expansion = find((node) => node.kind === 'expand')
const oracle = find((node) => node.kind === 'oracle')
const clients = find((node) => node.kind === 'table' && node.on === 'client')

const wrongs: readonly [name: string, text: string, error: RegExp][] = [
  ['no JSON', '{"format":', /^not a bundle: /],
  ['nothing', 'null', /bundle: expected an object, got null/],
  ['a list', '[]', /bundle: expected an object, got a list/],
  ['deep nesting', '['.repeat(1_000_000), /^not a bundle: /],
  [
    'another format',
    writeBundle({ ...bundle(), format: 'mailgw-bundle/2' as never }),
    /format: expected one of mailgw-bundle\/1/,
  ],
  [
    'a hash of something else',
    writeBundle({ ...bundle(), hash: hashText('{}') }),
    /it says g1:iqjw\w+, its graph is g1:/,
  ],
  ['no hash', writeBundle({ ...bundle(), hash: 'x' }), /hash: expected a graph hash/],
  ['an unknown key', JSON.stringify({ ...bundle(), more: 1 }), /expected only format, .*, got "more"/],
  [
    'a key that is everywhere',
    writeBundle(bundle()).replace('{', '{"__proto__":{},'),
    /expected only .*, got "__proto__"/,
  ],
  [
    'an edge backwards',
    changed(({ nodes }) => (nodes[anyTable]!['otherwise'] = anyTable)),
    /expected an edge to a node from/,
  ],
  ['an edge nowhere', changed(({ nodes }) => (nodes[anyTable]!['otherwise'] = 1e9)), /expected an edge to a node/],
  ['half an edge', changed(({ nodes }) => (nodes[anyTable]!['otherwise'] = 5.5)), /expected a whole number/],
  ['an entry nowhere', changed(({ entry }) => (entry['rcpt'] = -1)), /entry.rcpt: expected a whole number/],
  ['a stage without an entry', changed(({ entry }) => delete entry['rcpt']), /entry.rcpt: expected a value/],
  ['rows out of order', changed(({ nodes }) => (nodes[anyTable]!['rows'] as unknown[]).reverse()), /rows sorted/],
  [
    'a pattern twice',
    changed(
      ({ nodes }) =>
        ((nodes[anyTable]!['rows'] as unknown[][])[1]![0] = (nodes[anyTable]!['rows'] as unknown[][])[0]![0]),
    ),
    /rows sorted, each pattern once/,
  ],
  [
    'a row of two',
    changed(({ nodes }) => (nodes[anyTable]!['rows'] as unknown[][])[0]!.pop()),
    /\[pattern, node, at\]/,
  ],
  [
    'host bits',
    changed(({ nodes }) => ((nodes[clients]!['rows'] as unknown[][])[0]![0] = '10.0.0.1/8')),
    /a pattern of client, got "10.0.0.1\/8"/,
  ],
  [
    'a pattern in capitals',
    changed(({ nodes }) => ((nodes[anyTable]!['rows'] as unknown[][])[0]![0] = 'A.test')),
    /a pattern of/,
  ],
  [
    'an unknown kind of node',
    changed(({ nodes }) => (nodes[refusal]!['kind'] = 'toString')),
    /a kind of node, got "toString"/,
  ],
  ['a node that is null', changed(({ nodes }) => (nodes[refusal] = null as never)), /a node, got null/],
  ['a reply that is two', changed(({ nodes }) => (nodes[refusal]!['text'] = 'no\r\n250 ok')), /lines of text/],
  ['a refusal that accepts', changed(({ nodes }) => (nodes[refusal]!['code'] = 250)), /from 400 to 599/],
  ['a status of another class', changed(({ nodes }) => (nodes[refusal]!['status'] = '4.7.1')), /a status of class 5/],
  ['an alias to nobody', changed(({ nodes }) => (nodes[expansion]!['to'] = [])), /a mailbox/],
  ['an alias to no mailbox', changed(({ nodes }) => (nodes[expansion]!['to'] = ['joe@'])), /a mailbox, got "joe@"/],
  ['an undeclared relay', changed(({ control }) => (control['relays'] = [])), /a relay of graph.control, got "isp"/],
  ['listeners out of order', changed(({ control }) => (control['listeners'] as unknown[]).reverse()), /names sorted/],
  [
    'a limit below nothing',
    changed(({ control }) => ((control['limits'] as Record<string, unknown>)['sessions'] = -1)),
    /limits.sessions/,
  ],
  [
    'an oracle in the route',
    changed(({ entry }) => (entry['route'] = oracle)),
    /a node that route may have, got "oracle"/,
  ],
  [
    'an acceptance as a route',
    changed(({ nodes, entry }) => (entry['route'] = nodes.findIndex(({ kind }) => kind === 'next'))),
    /a node that route may have, got "next"/,
  ],
  [
    'a node that nothing reaches',
    changed(({ nodes }) => nodes.push({ kind: 'discard', at: null })),
    /a node that some stage reaches/,
  ],
  ['text that is not in NFC', changedText('text', 'e\u0301'), /not in NFC/],
  [
    'places out of order',
    writeBundle({
      ...bundle(),
      sources: {
        files: ['a'],
        places: [
          ['b', 0, 1, 1],
          ['a', 0, 1, 1],
        ],
      },
    }),
    /places sorted/,
  ],
  [
    'a place in no file',
    writeBundle({ ...bundle(), sources: { files: [], places: [['b', 0, 1, 1]] } }),
    /a file for b/,
  ],
]
function changedText(key: string, value: string): string {
  return changed(({ nodes }) => (nodes[refusal]![key] = value))
}
for (const [name, text, error] of wrongs) {
  test(`a bundle is refused in one sentence: ${name}`, () => {
    const read = readBundle(text)
    expect(read.ok ? 'it was read' : read.error).toMatch(error)
    expect(read.ok || read.error.length < 600).toBe(true)
  })
}

/** All places in a value, as paths. */
function* placesIn(value: unknown, path: readonly (string | number)[] = []): Generator<readonly (string | number)[]> {
  yield path
  if (Array.isArray(value)) for (const [i, item] of value.entries()) yield* placesIn(item, [...path, i])
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) yield* placesIn(item, [...path, key])
}
const sound = writeBundle(bundle())
const all = [...placesIn(JSON.parse(sound))].filter((path) => path.length > 0)

test('whatever is changed in a bundle, it is refused or it can be run: nothing crashes', () => {
  const odd = fc.oneof(
    fc.constantFrom(null, -1, 0, 1, 3, 1e300, '', '*', '<>', 'x@y', '__proto__', '10.0.0.0/8', 'next', [], {}, true),
    fc.jsonValue({ maxDepth: 2 }),
    fc.string(),
  )
  let read = 0
  fc.assert(
    fc.property(fc.constantFrom(...all), odd, fc.boolean(), (path, value, rehash) => {
      const copy = JSON.parse(sound) as Record<string, unknown>
      let parent = copy as Record<string | number, unknown>
      for (const key of path.slice(0, -1)) parent = parent[key] as Record<string | number, unknown>
      parent[path.at(-1)!] = value
      try {
        if (rehash && typeof copy['graph'] === 'object') copy['hash'] = graphHash(copy['graph'] as Graph)
      } catch {}
      const found = readBundle(JSON.stringify(copy))
      if (!found.ok) return
      read++
      const evaluator = flatEvaluator(flatOf(flatten(found.value)))
      for (const stage of ['connect', 'mail', 'rcpt', 'data', 'route', 'destination'] as const) {
        const told = facts({
          sender: 'a@spam.example',
          recipient: 'team@example.com',
          sizeBytes: 5,
          hops: 1,
          destination: '192.0.2.1',
        })
        let number = evaluator.start(stage, told)
        while (number < 0) number = evaluator.resume(~number, 'clear', told)
        expect(evaluator.leaf(number)).toBeTypeOf('object')
        expect(evaluator.winner().at).toBeTypeOf('string')
      }
    }),
    { numRuns: 1500 },
  )
  expect(read).toBeGreaterThan(10)
})
