import { hostname } from 'node:os'
import type { JournalAnswer, JournalEntry, StatusAnswer } from '../../admin/protocol.ts'
import type { Document, GatewayEntry } from '../../config/document.ts'
import { type Bundle, readBundle } from '../../graph/bundle.ts'
import type { HostPort } from '../../mail/settings.ts'
import { type Answer, type GatewayClient, gatewayClient } from './gateway-client.ts'

/** A gateway of the document, and what it said of itself. */
export type Member = {
  readonly entry: GatewayEntry
  readonly name: string
  readonly groups: readonly string[]
  readonly client: GatewayClient
  readonly status: Answer<StatusAnswer>
}

/** Asks all gateways of a document how they are; those that do not answer say so. The caller closes them. */
export const askMembers = (document: Document, folder: string): Promise<readonly Member[]> =>
  Promise.all(document.gateways.map((entry) => askMember(entry, folder)))

export async function askMember(entry: GatewayEntry, folder: string): Promise<Member> {
  const { name, groups, reach } = entry
  const client = gatewayClient({ name, reach, folder })
  return { entry, name, groups, client, status: await client.status() }
}

/** The gateway of a state folder, as if a document named it. */
export const memberHere = (stateDir: string): Promise<Member> =>
  askMember(
    {
      at: '',
      name: 'this gateway',
      groups: [],
      env: null,
      addresses: [],
      reach: { kind: 'unix', path: stateDir },
    },
    '/',
  )

export const closeAll = async (members: readonly Member[]): Promise<void> => {
  await Promise.all(members.map(({ client }) => client.close()))
}

/** The bundle that is active there. The hash was checked on the way in. */
export async function activeBundle(client: GatewayClient, hash: string): Promise<Answer<Bundle>> {
  const answer = await client.graph(hash)
  if (answer.kind !== 'ok') return answer
  const read = readBundle(answer.value)
  if (!read.ok) return { kind: 'silent', error: `${client.where}: ${read.error}` }
  if (read.value.hash !== hash)
    return { kind: 'silent', error: `${client.where}: expected the graph ${hash}, got ${read.value.hash}` }
  return { kind: 'ok', value: read.value }
}

/** A gateway's whole journal, oldest first. */
export async function wholeJournal(client: GatewayClient): Promise<Answer<JournalAnswer>> {
  const entries: JournalEntry[] = []
  for (;;) {
    const answer = await client.journal(entries.at(-1)?.seq ?? 0)
    if (answer.kind !== 'ok') return answer
    entries.push(...answer.value.entries)
    // It gives a thousand at a time.
    if (answer.value.entries.length < 1000) return { kind: 'ok', value: { ...answer.value, entries } }
  }
}

/** The machine that a gateway runs on, as far as the way to it tells. */
export function machineOf({ reach }: GatewayEntry): string {
  return reach.kind === 'unix' ? `here (${hostname()})` : reach.host
}

/** `127.0.0.1:25`, `[::1]:25`: what a listener says that it is bound to. */
export function socketOf(text: string): HostPort {
  const [, v6, host = '', port = '0'] = /^(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(text) ?? []
  return { host: v6 ?? host, port: Number(port) }
}
