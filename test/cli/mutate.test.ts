import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Case } from '../../src/analysis/suite-case.ts'
import { endingsOf } from '../../src/analysis/suite-endings.ts'
import { runCases } from '../../src/analysis/suite-run.ts'
import { demandsOf } from '../../src/analysis/suite-today.ts'
import { deletions, slips } from '../../src/cli/test/mutants.ts'
import { mutate, mutateExhaustively } from '../../src/cli/test/mutate.ts'
import { compile } from '../../src/compile/compile.ts'
import type { Document } from '../../src/config/document.ts'
import { bareLine } from '../../src/graph/evaluator.ts'
import type { Outcome } from '../../src/graph/graph.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import { mailboxKey } from '../../src/graph/pattern.ts'
import { facts, type Said } from '../compile/a-document.ts'
import { randomDocument, randomQuestion } from '../graph/random-document.ts'

const numRuns = Number(process.env['MAILGW_RUNS'] ?? 25)

const answers = fc.tuple(...[0, 1, 2].map(() => fc.constantFrom<Outcome>('listed', 'clear', 'error')))

/** A test of each message that expects what comes of it today, with the answers given. */
function casesOf(document: Document, said: readonly (readonly [Said, readonly Outcome[]])[]): Case[] {
  const evaluator = interpreter(compile(document).graph)
  return said.map(([question, given]) => {
    const { listener, client, sender, recipient, sizeBytes, hops } = facts(question)
    const message = { ...bareLine, listener, client, sender, recipient, sizeBytes, hops }
    const assume = new Map(given.map((outcome, i) => [`dnsbl.list${i}`, outcome]))
    const [ending] = endingsOf(evaluator, message, assume)
    const demands = demandsOf(ending!, recipient === null ? null : mailboxKey(recipient))
    return { suite: 'random', name: null, place: null, message, assume, demands }
  })
}

test('mutants are killed by the tests that could notice exactly as if every mutant met every test', () => {
  let survivors = 0
  let mutants = 0
  fc.assert(
    fc.property(
      randomDocument,
      fc.array(fc.tuple(randomQuestion, answers), { minLength: 1, maxLength: 8 }),
      (document, said) => {
        const cases = casesOf(document, said)
        const results = runCases(interpreter(compile(document).graph), cases)
        expect(results.every(({ verdict }) => verdict.kind === 'passed')).toBe(true)
        const names = (list: readonly { at: string; what: string }[]) => list.map(({ at, what }) => `${at} ${what}`)
        const wanted = names(mutateExhaustively(document, cases, [...deletions(document), ...slips(document)]))
        const whole = mutate(document, results, { sliceAbove: Number.POSITIVE_INFINITY })
        expect(names(whole.survivors)).toEqual(wanted)
        // The same on the document without what matters to no test.
        expect(names(mutate(document, results, { sliceAbove: -1 }).survivors)).toEqual(wanted)
        survivors += wanted.length
        mutants += whole.mutants
      },
    ),
    { numRuns },
  )
  // Neither all nor none: otherwise this would compare nothing with nothing.
  expect(survivors).toBeGreaterThan(0)
  expect(survivors).toBeLessThan(mutants)
})
