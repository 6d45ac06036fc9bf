import type { Document } from '../config/document.ts'
import type { Control } from '../graph/control.ts'
import { byCodeUnits } from '../graph/pattern.ts'
import type { NamedRewriting } from '../mail/rewriting.ts'
import { srsStandIn } from '../mail/srs.ts'
import type { Builder, Ref } from './builder.ts'
import { byClient } from './clients.ts'

/** Marks mail whose addresses are rewritten, in front of `next`: that of the clients that the document names, or of all internal ones. */
export function clientRewriting(build: Builder, document: Document, next: Ref): Ref {
  const { rewrite } = document
  return byClient(build, document, next, (client) => {
    const own = client.rewrite
    if (own === 'off') return null
    const at = own !== undefined ? own.at : client.internal ? rewrite?.at : undefined
    return at === undefined ? null : build.note({ note: 'rewrite', code: 0, status: '', text: at, at }, next)
  })
}

/** The sections that notes name, sorted. */
export function rewritings({ rewrite, clients }: Document): NamedRewriting[] {
  const own = clients.flatMap(({ rewrite }) => (rewrite === undefined || rewrite === 'off' ? [] : [rewrite]))
  return [...(rewrite === undefined ? [] : [rewrite]), ...own]
    .map(({ at, ...settings }) => ({ name: at, ...settings }))
    .sort((a, b) => byCodeUnits(a.name, b.name))
}

/** What a graph's control has of these sections; keys of what the document does not say are absent. */
export function copiesOf(document: Document): Pick<Control, 'rewritings' | 'srs' | 'archive'> {
  const { srs, archive } = document
  const found = rewritings(document)
  return {
    ...(found.length === 0 ? {} : { rewritings: found }),
    ...(srs === undefined ? {} : { srs: { ...withoutAt(srs), ours: [...ownPatterns(document)].sort(byCodeUnits) } }),
    ...(archive === undefined ? {} : { archive }),
  }
}

/** Mail to the gateway's own name is ours as well: its postmaster has it (RFC 5321 §4.5.1). */
export const ownPatterns = ({ hostname, domains }: Document): readonly string[] => [
  ...new Set([...domains.map(({ pattern }) => pattern), hostname]),
]

const withoutAt = ({ at, ...rest }: NonNullable<Document['srs']>) => rest

/**
 * Return addresses of SRS are many and in no list. One stands for all of them: what the graph says of mail for it is what
 * holds for a return address whose signature is good. So it exists, whatever the domain knows of others.
 */
export function withReturns(document: Document): Document {
  const { srs, domains } = document
  if (srs === undefined) return document
  return {
    ...document,
    domains: domains.map((entry) => {
      const { pattern, recipients, verify } = entry
      if (pattern !== srs.domain || (recipients === null && verify === undefined)) return entry
      if (recipients?.some(({ localPart }) => localPart === srsStandIn)) return entry
      return { ...entry, recipients: [...(recipients ?? []), { at: srs.at, localPart: srsStandIn }] }
    }),
  }
}
