import type { CaseResult } from '../../analysis/suite-run.ts'
import type { Document } from '../../config/document.ts'
import { coveringBlocks } from '../../graph/network.ts'
import { coveringPatterns, foldLocalPart, mailboxKey } from '../../graph/pattern.ts'
import type { Parts } from './concerned.ts'

/**
 * The document without the rows that match nothing in any of the tests. A table takes the most specific row that matches,
 * so what comes of each test is the same; and a document of 100,000 routes is compiled again in a millisecond.
 */
export function slicer(results: readonly CaseResult[], parts: readonly Parts[]): (document: Document) => Document {
  const mailboxes = new Set<string>()
  const localParts = new Set<string>()
  const patterns = new Set<string>()
  const senders = new Set<string>(['<>'])
  for (const mailbox of parts.flatMap((one) => one.mailboxes)) {
    const key = mailboxKey(mailbox)
    mailboxes.add(key)
    localParts.add(foldLocalPart(mailbox.localPart))
    for (const pattern of coveringPatterns(key)) patterns.add(pattern)
  }
  const clients = new Set<string>()
  for (const { message } of results.map((result) => result.case)) {
    if (message.sender) for (const pattern of coveringPatterns(mailboxKey(message.sender))) senders.add(pattern)
    clients.add(message.client)
  }
  const lengths = new Set(Array.from({ length: 129 }, (_, bits) => bits))
  const blocks = new Set(
    [...clients].flatMap((client) => coveringBlocks(`${client}/${client.includes(':') ? 128 : 32}`, lengths)),
  )
  const folded = (pattern: string): string => {
    const at = pattern.lastIndexOf('@')
    return at < 0 ? pattern : `${foldLocalPart(pattern.slice(0, at))}${pattern.slice(at)}`
  }
  const ofSenders = (list: readonly string[] | null) => list?.filter((pattern) => senders.has(folded(pattern))) ?? null
  const ofRecipients = (list: readonly string[] | null) =>
    list?.filter((pattern) => patterns.has(folded(pattern))) ?? null

  return (document) => ({
    ...document,
    localMx: document.localMx.filter(({ pattern }) => patterns.has(pattern)),
    aliases: document.aliases.filter(({ alias }) => mailboxes.has(mailboxKey(alias))),
    domains: document.domains
      .filter(({ pattern }) => patterns.has(pattern))
      .map((entry) => ({
        ...entry,
        recipients: entry.recipients?.filter(({ localPart }) => localParts.has(foldLocalPart(localPart))) ?? null,
      })),
    clients: document.clients.map((client) => ({
      ...client,
      networks: client.networks.filter(({ network }) => blocks.has(network)),
      senders: client.senders === 'own' ? 'own' : ofSenders(client.senders),
      recipients: ofRecipients(client.recipients),
    })),
    deny: document.deny.map((rule) => ({
      ...rule,
      when: {
        ...rule.when,
        client: rule.when.client?.filter((network) => blocks.has(network)) ?? null,
        sender: ofSenders(rule.when.sender),
        recipient: ofRecipients(rule.when.recipient),
      },
    })),
  })
}

/** How many rows a compilation would read. */
export function rowsOf({ localMx, aliases, domains, clients, deny }: Document): number {
  const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0)
  return (
    localMx.length +
    aliases.length +
    sum(domains.map(({ recipients }) => 1 + (recipients?.length ?? 0))) +
    sum(clients.map((c) => 1 + c.networks.length + (c.senders?.length ?? 0) + (c.recipients?.length ?? 0))) +
    sum(deny.map(({ when: w }) => 1 + (w.client?.length ?? 0) + (w.sender?.length ?? 0) + (w.recipient?.length ?? 0)))
  )
}
