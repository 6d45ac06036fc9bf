import { describe, expect, test } from 'vitest'
import { compareGraphs } from '../../src/analysis/compare.ts'
import { prove } from '../../src/analysis/prove.ts'
import { settingChanges } from '../../src/analysis/settings.ts'
import { compile } from '../../src/compile/compile.ts'
import type { Document, DomainEntry } from '../../src/config/document.ts'
import type { RecipientCheckEntry } from '../../src/config/document-recipients.ts'
import { makeBundle } from '../../src/graph/bundle.ts'
import { checkGraph } from '../../src/graph/check-graph.ts'
import type { Graph, Outcome } from '../../src/graph/graph.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import { oracleName } from '../../src/graph/oracle.ts'
import { noSources } from '../../src/graph/sources.ts'
import { aDocument, alias, domain, facts, list, mailbox } from './a-document.ts'

const check = {
  at: 'recipientChecks.staff',
  id: 'staff',
  onError: 'defer',
  timeoutMs: 5000,
  positiveMs: 1000,
  negativeMs: 1000,
  staleMs: 1000,
  entries: 10,
  kind: 'callout',
  perMinute: 10,
} as const satisfies RecipientCheckEntry

const relayed = (part: Partial<DomainEntry> = {}): DomainEntry => ({
  ...domain('relay.example', 'relay'),
  verify: 'staff',
  ...part,
})

const graphOf = (
  domains: readonly DomainEntry[],
  part: Partial<Document> = {},
  given: RecipientCheckEntry = check,
): Graph => {
  const document = aDocument({ domains: [domain('example.com'), ...domains], recipientChecks: [given], ...part })
  const { graph, diagnostics } = compile(document)
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  checkGraph(graph)
  return graph
}

/** What RCPT comes to, and what was asked on the way. */
function rcpt(graph: Graph, recipient: string, outcomes: Record<string, Outcome> = {}) {
  const evaluator = interpreter(graph)
  const known = facts({ recipient })
  const asked: string[] = []
  let number = evaluator.start('rcpt', known)
  while (number < 0) {
    const name = oracleName(evaluator.oracle(~number))
    asked.push(name)
    number = evaluator.resume(~number, outcomes[name] ?? 'clear', known)
  }
  const leaf = evaluator.leaf(number)
  const { at } = evaluator.winner()
  return { to: leaf.kind === 'refuse' ? `${leaf.code} ${leaf.status} ${at}` : `${leaf.kind} ${at}`, asked }
}

const asksStaff = ['recipient.staff']

describe('a recipient of a domain with a check', () => {
  const graph = graphOf([relayed()])
  const verify = 'domains["relay.example"].verify'

  test('is let in when it exists, refused with 5.1.1 when not, put off when nobody can tell', () => {
    const one = 'ann@relay.example'
    expect(rcpt(graph, one)).toEqual({ to: `next ${verify}`, asked: asksStaff })
    expect(rcpt(graph, one, { 'recipient.staff': 'listed' }).to).toBe('550 5.1.1 domains["relay.example"]')
    expect(rcpt(graph, one, { 'recipient.staff': 'error' }).to).toBe(`451 4.4.3 ${verify}`)
  })

  test('is let in where nobody can tell, when the document says so', () => {
    const lenient = graphOf([relayed()], {}, { ...check, onError: 'accept' })
    expect(rcpt(lenient, 'ann@relay.example', { 'recipient.staff': 'error' }).to).toBe(`next ${verify}`)
  })

  test('is not asked about when it is a role, an alias or in the list', () => {
    const listed = graphOf([relayed({ ...domain('relay.example', 'relay', ['bob']), verify: 'staff' })], {
      aliases: [alias('sales@relay.example', 'ann@example.com')],
    })
    for (const one of ['postmaster', 'abuse', 'sales', 'bob']) {
      expect(rcpt(listed, `${one}@relay.example`).asked).toEqual([])
    }
    expect(rcpt(listed, 'carol@relay.example').asked).toEqual(asksStaff)
  })

  test('is asked about last: nobody who is refused anyway learns which recipients exist', () => {
    const guarded = graphOf([relayed()], { dnsbl: [list('zen')] })
    expect(rcpt(guarded, 'ann@relay.example')).toMatchObject({ asked: ['dnsbl.zen', 'recipient.staff'] })
    expect(rcpt(guarded, 'ann@relay.example', { 'dnsbl.zen': 'listed' })).toMatchObject({ asked: ['dnsbl.zen'] })
  })

  test('goes to the catch-all when it does not exist', () => {
    const unknown = { kind: 'catch-all', to: mailbox('lost@example.com') } as const
    const caught = graphOf([relayed({ unknown })])
    expect(rcpt(caught, 'ann@relay.example', { 'recipient.staff': 'listed' }).to).toMatch(/^expand /)
  })

  test('of a domain below a wildcard is asked about too, and of a domain of its own not', () => {
    const wild = graphOf([
      { ...domain('*.relay.example', 'relay'), verify: 'staff' },
      domain('free.relay.example', 'relay'),
    ])
    expect(rcpt(wild, 'ann@a.relay.example').asked).toEqual(asksStaff)
    expect(rcpt(wild, 'ann@free.relay.example').asked).toEqual([])
  })

  test('who is the postmaster of the document exists, also where no list names it', () => {
    const own = graphOf([relayed()], { postmaster: mailbox('boss@relay.example') })
    expect(rcpt(own, 'boss@relay.example').asked).toEqual([])
  })
})

test('a recipient of others is never asked about', () => {
  const graph = graphOf([relayed()])
  expect(rcpt(graph, 'ann@elsewhere.example').asked).toEqual([])
})

test('a check knows its domains, and a graph that asks a check it does not have is none', () => {
  const graph = graphOf([relayed()])
  expect(graph.control.recipientChecks).toMatchObject([{ id: 'staff', domains: ['relay.example'] }])
  const { recipientChecks: _, ...control } = graph.control
  expect(() => checkGraph({ ...graph, control })).toThrow('a check of graph.control.recipientChecks, got "staff"')
})

test('plan shows what a check asks as settings, and what it decides as a change for mail', () => {
  const graph = graphOf([relayed()])
  const other = graphOf([relayed()], {}, { ...check, perMinute: 20 })
  expect(settingChanges(graph, other)).toEqual([{ at: 'recipientChecks.staff.perMinute', from: '10', to: '20' }])
  const none = compile(aDocument({ domains: [domain('example.com'), domain('relay.example', 'relay')] })).graph
  const changes = compareGraphs(makeBundle(none, noSources), makeBundle(graph, noSources))
  expect(JSON.stringify(changes)).toContain('recipient.staff')
  expect(compareGraphs(makeBundle(graph, noSources), makeBundle(other, noSources)).changes).toEqual([])
})

test.each(['defer', 'accept'] as const)(
  'every proof still holds or says what it rests on: a check of recipients opens nothing (onError: %s)',
  (onError) => {
    const { proofs } = prove(makeBundle(graphOf([relayed()], {}, { ...check, onError }), noSources))
    expect(proofs.length).toBeGreaterThan(4)
    expect(proofs.filter(({ verdict }) => verdict === 'VIOLATED' || verdict === 'UNKNOWN')).toEqual([])
  },
)
