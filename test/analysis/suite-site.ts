import type { Case } from '../../src/analysis/suite-case.ts'
import { knownOf, readCases } from '../../src/cli/test/read-cases.ts'
import { compile } from '../../src/compile/compile.ts'
import type { Positions } from '../../src/config/positions.ts'
import { validate } from '../../src/config/validate.ts'
import type { Graph } from '../../src/graph/graph.ts'

const nowhere: Positions = { key: () => null, value: () => null }

/** A site with one of everything that tests speak of. */
export const siteDocument = {
  hostname: 'gw.example',
  postmaster: 'postmaster@corp.example',
  listeners: {
    mx: { kind: 'mx', bind: '127.0.0.1:2599' },
    lan: { kind: 'internal', bind: '127.0.0.1:2598', maxSize: '5MiB' },
  },
  domains: {
    'corp.example': { recipients: ['ann', 'bob', 'postmaster'] },
    'x.partner.example': 'relay',
    'open.example': 'local',
  },
  trusted: ['10.0.0.0/8'],
  relaying: 'two-way',
  relays: { partner: { hosts: ['mail.partner.example'], tls: 'verify' }, isp: { hosts: ['smart.isp.example:587'] } },
  localMx: {
    '*.partner.example': { relay: 'partner' },
    '*.lab.example': { host: 'bart:26' },
    'held.example': { hold: 'moving' },
    'gone.example': { discard: true },
    'mx.example': { mx: { tls: 'encrypt' } },
    '*': { relay: 'isp' },
  },
  dnsbl: [
    { id: 'zen', zone: 'zen.dnsbl.example', onError: 'ignore' },
    { id: 'two', zone: 'two.dnsbl.example', onError: 'defer', onListed: { reject: { code: 451, text: 'later' } } },
  ],
  deny: [
    { id: 'spam', when: { sender: ['*.spam.example', 'spam.example'] }, then: { reject: { code: 550, text: 'no' } } },
    { id: 'net', when: { client: ['198.51.100.0/24'] } },
  ],
  aliases: { 'all@corp.example': ['ann@corp.example', 'bob@corp.example'], 'out@corp.example': 'bob@corp.example' },
} as const

export function graphOf(value: unknown): Graph {
  const { document, diagnostics } = validate({ file: 'mailgw.config.ts', value, positions: nowhere, files: [] })
  if (document === null) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  return compile(document).graph
}

/** Rows of a table of tests, as a YAML file would have them. */
export function casesOf(graph: Graph, rows: unknown): readonly Case[] {
  const { cases, diagnostics } = readCases(
    { file: 'mailgw.test.yaml', value: rows, positions: nowhere, files: [] },
    knownOf(graph),
  )
  if (diagnostics.length > 0) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  return cases
}

/** What is wrong with rows of a table of tests: code and message. */
export const problemsOf = (graph: Graph, rows: unknown): string[] =>
  readCases({ file: 'mailgw.test.yaml', value: rows, positions: nowhere, files: [] }, knownOf(graph)).diagnostics.map(
    ({ code, message, hint }) => `${code} ${message}${hint === null ? '' : ` (${hint})`}`,
  )
