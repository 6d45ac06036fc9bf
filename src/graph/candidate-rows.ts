import type { IpAddress } from '../mail/ip.ts'
import { assertNever } from '../mail/result.ts'
import type { Facts } from './evaluator.ts'
import type { Table } from './graph.ts'
import { domainOfLogin, heloDomain } from './name-rank.ts'
import { coveringBlocks } from './network.ts'
import { coveringPatterns, foldLocalPart, mailboxKey } from './pattern.ts'

type Row = Table['rows'][number]

/** Fewer rows are read faster than they are looked up. */
const manyRows = 500

type Index = { readonly rows: ReadonlyMap<string, Row>; readonly lengths: ReadonlySet<number> }

// By table, which never changes.
const indexes = new WeakMap<Table, Index>()

/**
 * The rows of a table that could match, in any order: all of a small one; of a large one those whose pattern is one of the
 * few that any pattern of this fact could be. Whether they match, and which is the most specific, is not decided here.
 */
export function candidateRows(table: Table, facts: Facts): readonly Row[] {
  if (table.rows.length < manyRows) return table.rows
  let index = indexes.get(table)
  if (index === undefined) {
    const isOfAddresses = table.on === 'client' || table.on === 'destination'
    index = {
      rows: new Map(table.rows.map((row) => [row[0], row])),
      lengths: new Set(isOfAddresses ? table.rows.map(([block]) => Number(block.slice(block.indexOf('/') + 1))) : []),
    }
    indexes.set(table, index)
  }
  const { rows, lengths } = index
  return [...new Set(patternsFor(table.on, facts, lengths))].flatMap((pattern) => {
    const row = rows.get(pattern)
    return row === undefined ? [] : [row]
  })
}

/** Every pattern that matches the fact is one of these. */
function patternsFor(on: Table['on'], facts: Facts, lengths: ReadonlySet<number>): readonly string[] {
  switch (on) {
    case 'client':
      return blocksOf(facts.client, lengths)
    case 'destination':
      return facts.destination === null ? [] : blocksOf(facts.destination, lengths)
    case 'sender':
      return facts.sender === undefined
        ? []
        : facts.sender === null
          ? ['<>']
          : coveringPatterns(mailboxKey(facts.sender))
    case 'recipient':
      return facts.recipient === null ? [] : coveringPatterns(mailboxKey(facts.recipient))
    case 'local-part':
      return facts.recipient === null ? [] : [foldLocalPart(facts.recipient.localPart)]
    case 'login':
      return facts.login === null ? [] : [facts.login, `*@${domainOfLogin(facts.login) ?? ''}`, '*']
    case 'certificate':
      return facts.certificate === null ? [] : [facts.certificate, '*']
    case 'helo':
      return facts.helo === null ? [] : [...coveringPatterns(heloDomain(facts.helo)), '*']
    default:
      return assertNever(on)
  }
}

const blocksOf = (address: IpAddress, lengths: ReadonlySet<number>): readonly string[] =>
  coveringBlocks(`${address}/${address.includes(':') ? 128 : 32}`, lengths)
