import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compile } from '../src/compile/compile.ts'
import type { Document } from '../src/config/document.ts'
import { type Bundle, makeBundle, readBundle, writeBundle } from '../src/graph/bundle.ts'
import { graphHash } from '../src/graph/canonical.ts'
import type { Evaluator, Facts } from '../src/graph/evaluator.ts'
import { flatOf } from '../src/graph/flat.ts'
import { flatten } from '../src/graph/flat-build.ts'
import type { Leaf, Outcome, Stage } from '../src/graph/graph.ts'
import { interpreter } from '../src/graph/interpret.ts'
import { flatEvaluator } from '../src/graph/runtime.ts'
import { sourcesOf } from '../src/graph/sources.ts'
import { facts, type Said } from './compile/a-document.ts'
import { randomDocument, randomQuestion } from './graph/random-document.ts'
import { frontDoorQuestion, randomFrontDoor } from './graph/random-front-door.ts'
import { read } from './graph/slow-reading.ts'

const outcomes = ['listed', 'clear', 'error'] as const
const asked: readonly Stage[] = ['connect', 'helo', 'auth', 'mail', 'rcpt', 'data', 'route', 'destination']
/** Answers for up to three lists, by the number at the end of the name. */
const answers = fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(...outcomes)))
const oracleOf = (given: readonly Outcome[]) => (id: string) => given[Number(id.at(-1))]!

/** Walks a stage to its leaf, and says the questions asked on the way. */
function walk(
  evaluator: Evaluator,
  stage: Stage,
  told: Facts,
  oracles: (id: string) => Outcome,
): { leaf: Leaf; asked: string } {
  let number = evaluator.start(stage, told)
  let questions = ''
  while (number < 0) {
    const { id } = evaluator.oracle(~number)
    questions += `${id}:${evaluator.winner().at} `
    number = evaluator.resume(~number, oracles(id), told)
  }
  return { leaf: evaluator.leaf(number), asked: questions }
}

function line(leaf: Leaf, at: string): string {
  switch (leaf.kind) {
    case 'refuse':
      return `refuse ${leaf.code} ${leaf.status} ${at}`
    case 'expand':
      return `expand ${leaf.to.join(' ')}`
    case 'relay':
      return `relay ${leaf.relay}`
    case 'hosts':
      return `hosts ${leaf.hosts.map(({ host, port }) => `${host}:${port}`).join(' ')}`
    case 'mx':
      return `mx ${leaf.tls}`
    case 'deliver':
      return `deliver ${leaf.dir}`
    case 'hold':
      return `hold ${leaf.reason}`
    default:
      return leaf.kind
  }
}

/** The bundle of a document as a gateway gets it, over its text, or `null` when the document is wrong. */
function shipped(document: Document): Bundle | null {
  const { graph, diagnostics } = compile(document)
  if (diagnostics.some(({ severity }) => severity === 'error')) return null
  const sources = sourcesOf(graph, (at) => ({
    file: at.startsWith('deny') ? 'deny.ts' : 'main.ts',
    line: at.length,
    column: 7,
  }))
  const bundle = readBundle(writeBundle(makeBundle(graph, sources)))
  if (!bundle.ok) throw new Error(bundle.error)
  return bundle.value
}

const questionsOf = (question: fc.Arbitrary<Said>) =>
  fc.array(fc.tuple(question, answers), { minLength: 1, maxLength: 60, size: 'max' })
const kinds = [
  { what: 'a document', document: randomDocument, questions: questionsOf(randomQuestion), also: [] },
  {
    what: 'a document that knows of lines, logins, HELO and weights',
    document: randomFrontDoor,
    questions: questionsOf(frontDoorQuestion),
    also: ['helo refuse', 'mail refuse 530'],
  },
]

test.each(kinds)(
  'a slow reading of $what, the interpreter and the run-time form give the same answers',
  ({ document: arbitrary, questions }) => {
    let documents = 0
    let wrong = 0
    let compared = 0
    const seen = new Set<string>()
    fc.assert(
      fc.property(arbitrary, questions, (document, all) => {
        const bundle = shipped(document)
        if (bundle === null) {
          wrong++
          return
        }
        documents++
        const plain = interpreter(bundle.graph, bundle.sources, bundle.hash)
        const fast = flatEvaluator(flatOf(flatten(bundle)))
        for (const [said, given] of all) {
          const told = facts(said)
          const reading = read(document, told, oracleOf(given))
          for (const stage of asked) {
            if ((stage === 'rcpt' || stage === 'route') && told.recipient === null) continue
            const slow = walk(plain, stage, told, oracleOf(given))
            const slowWinner = plain.winner()
            const quick = walk(fast, stage, told, oracleOf(given))
            const answer = line(slow.leaf, slowWinner.at)
            const specified = [slow, slowWinner, answer]
            const others = [quick, fast.winner(), reading[stage as 'rcpt']()]
            // Compared as text, as there are tens of thousands; `expect` shows the difference when there is one.
            if (JSON.stringify(others) !== JSON.stringify(specified))
              expect(others, `${stage} of ${JSON.stringify(said)}`).toEqual(specified)
            seen.add(`${stage} ${answer.split(' ').slice(0, 2).join(' ')}`)
            compared++
          }
        }
      }),
      { numRuns: Number(process.env['MAILGW_RUNS'] ?? 400) },
    )
    console.log(`oracle: ${compared} answers of ${documents} documents, ${wrong} wrong ones skipped`)
    expect(compared).toBeGreaterThan(10_000)
    expect(wrong).toBeLessThan(documents * 4)
    // Not only the easy answers.
    const must = [
      'connect refuse 554',
      'mail refuse 552',
      'rcpt refuse 451',
      'rcpt expand',
      'rcpt park',
      'route hold',
      'route mx',
      'data refuse 554',
      'destination refuse',
    ]
    for (const kind of must)
      expect(
        [...seen].some((one) => one.startsWith(kind)),
        kind,
      ).toBe(true)
  },
  120_000,
)

test('the order of rows does not change the graph', () => {
  fc.assert(
    fc.property(randomDocument, fc.infiniteStream(fc.nat()), (document, random) => {
      const shuffled = <T>(rows: readonly T[]): T[] =>
        rows
          .map((row) => ({ row, key: random.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ row }) => row)
      const other: Document = {
        ...document,
        listeners: shuffled(document.listeners),
        domains: shuffled(document.domains).map((entry) => ({
          ...entry,
          recipients: entry.recipients === null ? null : shuffled(entry.recipients),
        })),
        clients: shuffled(document.clients).map((client) => ({
          ...client,
          networks: shuffled(client.networks),
          senders: client.senders === null || client.senders === 'own' ? client.senders : shuffled(client.senders),
        })),
        localMx: shuffled(document.localMx),
        aliases: shuffled(document.aliases),
      }
      const [a, b] = [compile(document), compile(other)]
      const isWrong = (diagnostics: typeof a.diagnostics) => diagnostics.some(({ severity }) => severity === 'error')
      expect(isWrong(a.diagnostics)).toBe(isWrong(b.diagnostics))
      if (!isWrong(a.diagnostics)) expect(graphHash(b.graph)).toBe(graphHash(a.graph))
    }),
    { numRuns: 200 },
  )
}, 60_000)

const plainSaid: Said = { listener: 'mx', client: '10.1.2.3', recipient: 'joe@a.test' }
test('an evaluator may be asked by many sessions in turn', () => {
  fc.assert(
    fc.property(randomDocument, fc.array(randomQuestion, { minLength: 2, maxLength: 10 }), (document, all) => {
      const bundle = shipped(document)
      if (bundle === null) return
      const fast = flatEvaluator(flatOf(flatten(bundle)))
      // All begin, then all end: what one walk keeps between `start` and `resume` must not be another one's.
      const begun = [plainSaid, ...all].map((said) => ({ told: facts(said), number: fast.start('rcpt', facts(said)) }))
      for (const { told, number } of begun) {
        if (number >= 0) continue
        const plain = interpreter(bundle.graph, bundle.sources, bundle.hash)
        for (const outcome of outcomes) {
          expect(fast.resume(~number, outcome, told)).toBe(plain.resume(~number, outcome, told))
          expect(fast.winner()).toEqual(plain.winner())
        }
      }
    }),
    { numRuns: 100 },
  )
}, 60_000)
