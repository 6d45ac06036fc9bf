import { z } from 'zod'
import { changeKinds } from '../../analysis/change-set.ts'
import { stages } from '../../graph/graph.ts'
import { lineShape, tags } from '../line-schema.ts'
import type { Plan } from './plan.ts'

const text = z.string()
const count = z.number().int().nonnegative()
const said = <Schema extends z.ZodType>(schema: Schema, description: string): Schema => schema.describe(description)

const outcome = z.enum(['listed', 'clear', 'error'])
const patterns = z
  .array(z.object({ pattern: text, except: z.array(text) }))
  .nullable()
  .describe('A union of parts: all that pattern matches and nothing that one of except matches. null: any.')

const names = z
  .array(z.object({ pattern: text, except: z.array(text) }))
  .describe('A union of parts; <none>: not said. Absent: any.')

const box = z
  .object({
    listeners: z.array(text).nullable(),
    clients: patterns,
    senders: patterns,
    recipients: patterns,
    sizes: z.array(z.object({ overBytes: count.nullable(), upToBytes: count.nullable() })).nullable(),
    hops: z.array(z.object({ over: count.nullable(), upTo: count.nullable() })).nullable(),
    oracles: z.record(text, z.array(outcome)).describe('Answers by the name of the oracle; absent: any.'),
    tls: z.boolean().exactOptional().describe('Whether the line is encrypted; absent: any.'),
    logins: names.exactOptional(),
    certificates: names.exactOptional(),
    helos: names.exactOptional(),
  })
  .describe('A set of messages. What is null may be anything. The boxes of a plan are disjoint.')

const tlsLevel = z.enum(['off', 'may', 'encrypt', 'verify']).nullable()
const route = z.object({
  kind: z.enum(['relay', 'hosts', 'mx', 'maildir', 'hold', 'discard']),
  text,
  hosts: z.array(z.object({ host: text, port: count })),
  tls: tlsLevel,
  user: text.nullable(),
})
const behaviour = z.union([
  z.object({ kind: z.literal('refused'), stage: z.enum(stages), code: count, status: text, text }),
  z.object({ kind: z.literal('accepted'), finals: z.array(z.object({ mailbox: text, route })), tags }),
])

const cause = z.object({
  side: z.enum(['before', 'after']),
  at: said(text, 'The element of the document, such as localMx["a.example"].'),
  file: said(text.nullable(), "Relative to the document's folder."),
  line: count,
  column: count,
})
const message = z.object({
  listener: text,
  client: text,
  sender: said(text.nullable(), '<> for the null one; null: not given.'),
  recipient: text.nullable(),
  sizeBytes: count.nullable(),
  hops: count.nullable(),
  ...lineShape,
})
const witness = z
  .object({
    message,
    answers: z.record(text, outcome),
    from: behaviour,
    to: behaviour,
  })
  .describe('One message of the box, decided by the plain interpreter under both graphs.')

const change = z.object({
  kind: said(z.enum(changeKinds), 'Most dangerous first.'),
  box,
  moves: z
    .array(
      z.object({
        from: text,
        to: text,
        classes: count,
        tls: z
          .object({ from: tlsLevel, to: tlsLevel })
          .exactOptional()
          .describe('The least that is required where mail leaves the gateway; null, absent: it does not.'),
        recipients: patterns.unwrap().exactOptional().describe('Who moves like this; absent: see the box.'),
        causes: z.array(cause).exactOptional().describe('What was edited for it; absent: see the change.'),
      }),
    )
    .describe('From what to what, most frequent first.'),
  causes: z.array(cause),
  witness,
})

const changeSet = z.object({
  format: z.literal('mailgw-changes/1'),
  hash: said(text, 'Names what changes for mail: equal meaning, equal hash, whatever the files look like.'),
  base: said(text, 'Hash of the graph before.'),
  next: said(text, 'Hash of the graph after.'),
  changes: z.array(change),
  destinations: z
    .array(
      z.object({
        kind: z.enum(['accepted', 'refused', 'text']),
        destinations: patterns.unwrap(),
        from: text,
        to: text,
        causes: z.array(cause),
        witness: text,
      }),
    )
    .describe('What changes for the addresses that a delivery connects to.'),
  settings: z.array(z.object({ at: text, from: text.nullable(), to: text.nullable() })),
  unknown: said(z.array(text), 'What could not be decided, in words; empty when all was.'),
})

const side = z.object({
  kind: z.enum(['running', 'graph', 'document', 'revision']),
  name: said(text, 'As a person named it: HEAD~1, running, old.mgw.'),
  hash: text,
  commit: text.nullable(),
  changed: said(z.boolean(), 'The document differs from its commit.'),
  document: said(text.nullable(), "From the repository's root."),
  env: text.nullable(),
})

const queue = z.object({
  recipients: count,
  complete: z.boolean(),
  moves: z.array(
    z.object({ from: text, to: text, recipients: count, example: z.object({ id: text, recipient: text }) }),
  ),
})

const proof = z.object({
  claim: said(text, 'As a document writes it: noOpenRelay().'),
  at: said(text.nullable(), 'Where the document claims it; null: asked for by nobody.'),
  verdict: z.enum(['PROVED', 'PROVED-IF', 'VIOLATED', 'UNKNOWN']),
  severity: z.enum(['error', 'warning']),
  reason: text,
  assumes: z.array(text),
  witness: z
    .object({
      message,
      answers: z.record(text, outcome),
      behaviour,
      deciders: z.array(
        z.object({ stage: z.enum(stages), at: text, file: text.nullable(), line: count, column: count }),
      ),
      explain: text,
    })
    .nullable(),
  findings: z.array(z.object({ at: text, file: text.nullable(), line: count, column: count, message: text })),
})
const moved = z.array(z.object({ from: text, to: text, records: count }))
const replay = z.object({
  source: said(text, 'What was replayed: the last 7 days, or a file.'),
  records: count,
  since: said(z.number().nullable(), 'Epoch ms of the earliest record.'),
  until: z.number().nullable(),
  changes: z
    .array(z.object({ records: count, clients: count, moves: moved }))
    .describe('How many records lie in each change, in the order of the changes.'),
  outside: said(z.object({ records: count, moves: moved }), 'Records that differ and lie in no change.'),
  unknown: z
    .object({ oracles: z.record(text, count), hashed: count, unreadable: count })
    .describe('Records of which nothing is claimed.'),
})

/** The shape of a plan file and of `plan --json`; `schemas/plan.v1.schema.json` is made of it. Only ever added to. */
export const planSchema = z.object({
  format: z.literal('mailgw-plan/1'),
  version: said(text, 'The mailgw that made it.'),
  base: side,
  next: side,
  changeSet,
  lines: z
    .array(z.object({ side: z.enum(['before', 'after']), file: text, line: count, text }))
    .describe('The source lines that causes name.'),
  networks: z
    .record(text, text)
    .describe('Names that the documents give to networks, and whether only one of them does.'),
  proofs: z.array(proof),
  tests: said(z.object({ passed: count, failed: count, failures: z.array(text) }).nullable(), 'null: not run.'),
  queue: said(queue.nullable(), 'null: no running gateway was asked.'),
  overlays: z
    .array(z.object({ id: text, owner: text, reason: text, says: text, until: count }))
    .default([])
    .describe('Restrictions of the moment on the running gateway; they stay whatever is applied.'),
  replay: said(replay.nullable(), 'null: nothing was replayed.'),
})

type Frozen<Value> = Value extends object ? { readonly [Key in keyof Value]: Frozen<Value[Key]> } : Value
type Read = Frozen<z.output<typeof planSchema>>

/** What was read is a plan; compiles only while schema and type say the same, in both directions. */
export const asPlan = (read: Read): Plan => read
export const asRead = (plan: Plan): Read => plan

/** `schemas/plan.v1.schema.json`. A reader has to expect members that it does not know. */
export function planJsonSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(planSchema, { target: 'draft-7', io: 'input' })
  return { $schema, title: 'mailgw plan, format mailgw-plan/1', ...rest }
}
