import type { Described } from '../graph/explanation.ts'
import type { Graph, Node, Table } from '../graph/graph.ts'
import { domainOfLogin, heloDomain } from '../graph/name-rank.ts'
import { coveringBlocks } from '../graph/network.ts'
import { coveringPatterns, foldLocalPart, mailboxKey } from '../graph/pattern.ts'
import { type Mailbox, parseMailbox } from '../mail/path.ts'
import { assertNever } from '../mail/result.ts'

/**
 * The graph for these messages alone: rows that can match none of them are left out, all else stays, node by node. The
 * plain interpreter reads every row of a table at each question; so it has the same rows to choose from, and no others.
 */
export function narrowed(graph: Graph, messages: readonly Described[]): Graph {
  const clients = new Set<string>()
  const mailboxes = new Set<string>(['<>', '*'])
  const localParts = new Set<string>()
  const add = (mailbox: Mailbox | null | undefined) => {
    if (mailbox === null || mailbox === undefined) return
    for (const pattern of coveringPatterns(mailboxKey(mailbox))) mailboxes.add(pattern)
    localParts.add(foldLocalPart(mailbox.localPart))
  }
  const names = { login: new Set(['*']), certificate: new Set(['*']), helo: new Set(['*']) }
  for (const { client, sender, recipient, login, certificate, helo } of messages) {
    if (login !== null) names.login.add(login).add(`*@${domainOfLogin(login)}`)
    if (certificate !== null) names.certificate.add(certificate)
    if (helo !== null) for (const pattern of coveringPatterns(heloDomain(helo))) names.helo.add(pattern)
    const bits = client.includes(':') ? 128 : 32
    for (const block of coveringBlocks(`${client}/${bits}`, everyLength)) clients.add(block)
    add(sender)
    add(recipient)
  }
  // What an expansion leads to is asked for its route, too.
  for (const node of graph.nodes) {
    if (node.kind !== 'expand') continue
    for (const text of node.to) {
      const parsed = parseMailbox(text)
      add(parsed.ok ? parsed.value : null)
    }
  }
  const patterns = (on: Table['on']): ReadonlySet<string> => {
    switch (on) {
      case 'client':
      case 'destination':
        return clients
      case 'local-part':
        return localParts
      case 'sender':
      case 'recipient':
        return mailboxes
      case 'login':
      case 'certificate':
      case 'helo':
        return names[on]
      default:
        return assertNever(on)
    }
  }
  const narrow = (node: Node): Node => {
    if (node.kind !== 'table') return node
    const wanted = patterns(node.on)
    return { ...node, rows: node.rows.filter(([pattern]) => wanted.has(pattern)) }
  }
  const { claims } = graph
  return {
    ...graph,
    claims: {
      ...claims,
      clients: claims.clients.filter(([network]) => clients.has(network)),
      ...(claims.logins === undefined ? {} : { logins: claims.logins.filter(([one]) => names.login.has(one)) }),
      ...(claims.certificates === undefined
        ? {}
        : { certificates: claims.certificates.filter(([one]) => names.certificate.has(one)) }),
      domains: claims.domains.filter(([pattern]) => mailboxes.has(pattern)),
    },
    nodes: graph.nodes.map(narrow),
  }
}

const everyLength: ReadonlySet<number> = new Set(Array.from({ length: 129 }, (_, bits) => bits))
