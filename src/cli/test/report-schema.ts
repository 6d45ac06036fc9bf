import { z } from 'zod'
import { stages } from '../../graph/graph.ts'
import { lineShape, tags } from '../line-schema.ts'

const text = z.string()
const count = z.number().int().nonnegative()
const said = <Schema extends z.ZodType>(schema: Schema, description: string): Schema => schema.describe(description)

const outcome = z.enum(['listed', 'clear', 'error'])
const place = z.object({
  file: said(text.nullable(), 'Relative to where the command ran.'),
  line: said(count, '0 where it is not known.'),
  column: count,
})
const decider = place.extend({ at: said(text, 'The element of the document, such as localMx["a.example"].') })

const ending = z.object({
  answers: said(z.record(text, outcome), 'Answers of the oracles that were asked.'),
  text: said(text, 'What comes of the message, in words.'),
  kind: z.enum(['accepted', 'refused']),
  stage: z.enum(stages).nullable(),
  code: count.nullable(),
  tags: said(tags, 'The marks that it gets; absent: none.'),
  decider: decider.nullable(),
})

const testCase = z.object({
  suite: text,
  name: text,
  place: place.nullable(),
  message: z.object({
    listener: text,
    client: text,
    sender: said(text.nullable(), '<> for the null one; null: not given.'),
    recipient: text.nullable(),
    sizeBytes: count.nullable(),
    hops: count.nullable(),
    ...lineShape,
  }),
  assume: z.record(text, outcome),
  assumed: said(z.array(text), 'Rates that it says nothing of, taken as not used up (`clear`).'),
  expect: said(text, 'As in a table of tests.'),
  verdict: z.enum(['passed', 'failed', 'depends']),
  oracles: said(z.array(text), 'Of a test that depends on answers: whose.'),
  endings: z.array(ending),
  explain: said(text, 'The command that shows every step.'),
})

const missing = decider.extend({ what: said(text.nullable(), 'A pattern, an answer, or an end in words.') })
const share = z.object({ all: count, covered: count, missing: z.array(missing) })
const mutant = decider.extend({
  kind: z.enum(['delete', 'guard', 'swap', 'widen', 'depth']),
  what: text,
  suggestion: z
    .object({
      kind: z.enum(['case', 'same', 'refused', 'none']),
      text: said(text, 'A row of YAML that would notice it; or why there is none.'),
    })
    .nullable()
    .describe('With --suggest.'),
})

const proof = z.object({
  suite: text,
  place: place.nullable(),
  claim: text,
  verdict: z.enum(['PROVED', 'PROVED-IF', 'VIOLATED', 'UNKNOWN']),
  text: said(text, 'What was found, in a sentence.'),
  explain: said(text.nullable(), 'The command that shows a message for which it does not hold.'),
})

const wire = z.object({
  kind: z.enum(['same', 'differs', 'skipped']),
  suite: text,
  name: text,
  place: place.nullable(),
  text: said(text, 'What came over the sockets, or why it was not tried.'),
})

/** What `mailgw test --json` prints. */
export const reportSchema = z.object({
  format: z.literal('mailgw-test/1'),
  graph: text,
  document: said(text.nullable(), 'null: a graph was tested.'),
  files: z.array(text),
  passed: count,
  failed: count,
  cases: z.array(testCase),
  proofs: z.array(proof),
  smtp: said(z.array(wire).nullable(), 'With --smtp.'),
  coverage: said(
    z.object({ percent: count, elements: share, rows: share, terminals: share, outcomes: share }).nullable(),
    'With --coverage or --min-coverage.',
  ),
  classes: said(
    z
      .object({
        all: count,
        covered: count,
        missing: z.array(
          z.object({ box: said(text, 'Which messages, in words.'), text: said(text, 'What comes of them.') }),
        ),
      })
      .nullable(),
    'With --coverage: disjoint sets of messages that are treated alike. null: not asked for, or too many.',
  ),
  mutation: said(
    z
      .object({
        mutants: count,
        killed: count,
        runs: count,
        suggested: said(
          count.nullable(),
          'For how many survivors, from the first on, a test was looked for. null: --mutate.',
        ),
        survivors: z.array(mutant),
      })
      .nullable(),
    'With --mutate or --suggest.',
  ),
})
export type TestReport = z.infer<typeof reportSchema>

/** `schemas/test-report.v1.schema.json`. A reader has to expect members that it does not know. */
export function testReportJsonSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(reportSchema, { target: 'draft-7', io: 'input' })
  return { $schema, title: 'mailgw test --json, format mailgw-test/1', ...rest }
}
