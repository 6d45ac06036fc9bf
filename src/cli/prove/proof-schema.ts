import { z } from 'zod'
import type { ProofReport } from '../../analysis/proof.ts'
import { stages } from '../../graph/graph.ts'
import { lineShape, tags } from '../line-schema.ts'

const text = z.string()
const count = z.number().int().nonnegative()
const place = { at: text, file: text.nullable(), line: count, column: count }
const outcome = z.enum(['listed', 'clear', 'error'])

const behaviour = z.union([
  z.object({ kind: z.literal('refused'), stage: z.enum(stages), code: count, status: text, text }),
  z.object({
    kind: z.literal('accepted'),
    finals: z.array(
      z.object({
        mailbox: text,
        route: z.object({
          kind: z.enum(['relay', 'hosts', 'mx', 'maildir', 'hold', 'discard']),
          text,
          hosts: z.array(z.object({ host: text, port: count })),
          tls: z.enum(['off', 'may', 'encrypt', 'verify']).nullable(),
          user: text.nullable(),
        }),
      }),
    ),
    tags,
  }),
])

const witness = z
  .object({
    message: z.object({
      listener: text,
      client: text,
      sender: text.nullable().describe('<> for the null one.'),
      recipient: text.nullable(),
      sizeBytes: count.nullable(),
      hops: count.nullable(),
      ...lineShape,
    }),
    answers: z.record(text, outcome).describe('What DNS lists answer, by dnsbl.ID.'),
    behaviour: behaviour.describe('What happens to the message, said by the plain interpreter.'),
    deciders: z.array(z.object({ stage: z.enum(stages), ...place })).describe('What decides, in the order of stages.'),
    explain: text.describe('The command that tells the same.'),
  })
  .describe('A message for which the claim does not hold.')

const proof = z.object({
  claim: text.describe('As a document writes it: noOpenRelay().'),
  at: text.nullable().describe('Where the document claims it, prove[2]; null: nobody asked.'),
  verdict: z
    .enum(['PROVED', 'PROVED-IF', 'VIOLATED', 'UNKNOWN'])
    .describe('PROVED-IF: as long as what assumes says holds. UNKNOWN: not decided, reason says why.'),
  severity: z.enum(['error', 'warning']).describe('What it is when it does not hold.'),
  reason: text.describe('One sentence.'),
  assumes: z.array(text),
  witness: witness.nullable(),
  findings: z.array(z.object({ ...place, message: text })).describe('Places of the document that it is about.'),
})

export const proofReport = z
  .object({ format: z.literal('mailgw-proofs/1'), graph: text.describe('Hash of the graph.'), proofs: z.array(proof) })
  .describe('What mailgw prove --json prints.') satisfies z.ZodType<ProofReport>

/** `schemas/proofs.v1.schema.json`. */
export const proofsJsonSchema = (): object => ({
  ...z.toJSONSchema(proofReport, { target: 'draft-7' }),
  title: 'mailgw proofs',
})
