import type { HostsToTry, HostToTry } from '../route/hosts.ts'
import type { Capabilities } from './capabilities.ts'

/** Which host of a next hop the latest connection went to. */
export type Turns = { last: string | null }

/**
 * Messages of one connection to a host that has others of the same preference beside it: the load is to be spread over
 * them (RFC 5321 §5.1), and a connection that is kept for a thousand would give all of it to one.
 */
export const messagesAmongEquals = 5

/** The hosts in the order to try: of those that are equally near, the one that had its turn comes last. */
export function inTurn({ hosts, equals }: Extract<HostsToTry, { kind: 'hosts' }>, turns?: Turns): readonly HostToTry[] {
  const last = turns?.last ?? null
  if (equals === undefined || last === null || !equals.has(last)) return hosts
  const near = hosts.filter(({ name }) => equals.has(name))
  return [
    ...near.filter(({ name }) => name !== last),
    ...near.filter(({ name }) => name === last),
    ...hosts.filter(({ name }) => !equals.has(name)),
  ]
}

/** Notes whose turn it was; gives what the host can, for as many messages as its turn has. */
export function tookTurn(
  { name }: HostToTry,
  { equals }: Extract<HostsToTry, { kind: 'hosts' }>,
  capabilities: Capabilities,
  turns?: Turns,
): Capabilities {
  if (turns === undefined || equals === undefined) return capabilities
  turns.last = name
  if (!equals.has(name)) return capabilities
  return { ...capabilities, maxMessages: Math.min(capabilities.maxMessages, messagesAmongEquals) }
}
