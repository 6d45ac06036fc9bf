import type { Diagnostic } from '../config/diagnostic.ts'
import type { Document } from '../config/document.ts'
import type { Position } from '../config/positions.ts'
import type { Graph } from '../graph/graph.ts'
import { graphBuilder } from './builder.ts'
import { checks } from './checks.ts'
import { claimsOf } from './claims.ts'
import { clientClass, clientSenders, clientTls } from './clients.ts'
import { control } from './control.ts'
import { checkDeny, denyRules } from './deny.ts'
import { dnsbl } from './dnsbl.ts'
import { finalMailboxes } from './final-mailboxes.ts'
import { clientHints } from './hints.ts'
import { journals } from './journal.ts'
import { hopLimit, sizeLimit } from './limits.ts'
import { allowedFrom, demands, loginAllowed } from './line.ts'
import { localMx } from './local-mx.ts'
import { ourDomains } from './our-domains.ts'
import { clientRates } from './rates.ts'
import { recipients, roleMailboxes } from './recipients.ts'
import { relaying } from './relaying.ts'
import { reporter } from './report.ts'
import { clientRewriting, withReturns } from './rewriting.ts'
import { atTheDoor, softened } from './soft-bounce.ts'

export type Compiled = { readonly graph: Graph; readonly diagnostics: readonly Diagnostic[] }

/**
 * A document as a graph. The graph may be used when no diagnostic is an error. Stages are built from their ends to their
 * beginnings; the order in which each asks stands in the header of `graph.ts`.
 */
export function compile(written: Document, positionOf: (at: string) => Position | null = () => null): Compiled {
  const document = withReturns(written)
  const diagnostics: Diagnostic[] = []
  const report = reporter(diagnostics, positionOf)
  const softly = document.softBounce === true
  const build = graphBuilder(
    (pattern, first, second) => {
      report.error('MG2001', second, `${pattern} is written twice`, { at: first, message: 'first here' })
    },
    softly ? softened : undefined,
  )
  const door = softly ? atTheDoor(build) : build
  const ours = ourDomains(document)
  const finals = finalMailboxes(document, ours, report)
  const next = build.leaf({ kind: 'next', at: null })
  const deny = (stage: 'connect' | 'helo' | 'mail' | 'rcpt' | 'data' | 'destination', after = next) =>
    denyRules(stage === 'connect' ? door : build, document.deny, stage, after, report)

  checkDeny(document.deny, (domain) => ours.governing(domain) !== null, report)
  const accepted = recipients(build, document, ours, finals)
  const admitted = relaying(build, document, ours, accepted, (end) =>
    checks(build, document, dnsbl(build, document, end)),
  )
  const graph = build.finish(
    {
      connect: allowedFrom(door, document, deny('connect')),
      helo: deny('helo'),
      auth: loginAllowed(build, document, next),
      mail: demands(
        build,
        document,
        clientTls(
          build,
          document,
          deny(
            'mail',
            clientSenders(
              build,
              document,
              sizeLimit(
                build,
                document,
                clientRates(
                  build,
                  document,
                  'messages',
                  clientRewriting(build, document, clientHints(build, document, next)),
                ),
              ),
            ),
          ),
        ),
      ),
      rcpt: journals(
        build,
        document,
        clientClass(build, document, roleMailboxes(build, document, ours, finals, deny('rcpt', admitted))),
      ),
      data: deny(
        'data',
        sizeLimit(build, document, hopLimit(build, document, clientRates(build, document, 'bytes', next))),
      ),
      message: next,
      route: localMx(build, document, ours, report),
      destination: deny('destination'),
    },
    control(document),
    claimsOf(document),
  )
  return { graph, diagnostics }
}
