import { randomBytes } from 'node:crypto'
import type { SecretPrint } from '../../admin/secret-operations.ts'
import type { Answer } from './gateway-client.ts'
import type { Member } from './members.ts'

/** How the secrets of a gateway stand; values are never seen here. */
export type SecretDrift = {
  /** References whose source has another value than the active graph uses: it takes effect at the next apply or start. */
  readonly changed: readonly string[]
  /** References whose source cannot be read any more. */
  readonly unreadable: readonly string[]
  /** References under which another gateway has another value. */
  readonly unlike: readonly string[]
  /** Why nothing is known; `null` where it is. */
  readonly unknown: string | null
}

const unknownBecause = (unknown: string): SecretDrift => ({ changed: [], unreadable: [], unlike: [], unknown })

/** Asks all gateways that answer, with one key that nobody keeps. By their names. */
export async function secretDrifts(
  members: readonly Pick<Member, 'name' | 'client' | 'status'>[],
): Promise<ReadonlyMap<string, SecretDrift>> {
  const key = randomBytes(32).toString('hex')
  const answers = await Promise.all(
    members.map(async ({ name, client, status }) => {
      const answer: Answer<readonly SecretPrint[]> | null = status.kind === 'ok' ? await client.secrets(key) : null
      return { name, answer }
    }),
  )
  const prints = new Map<string, Set<string>>()
  for (const { answer } of answers) {
    if (answer?.kind !== 'ok') continue
    for (const { id, print } of answer.value) prints.set(id, (prints.get(id) ?? new Set()).add(print))
  }
  return new Map(
    answers.flatMap(({ name, answer }): [string, SecretDrift][] => {
      if (answer === null) return []
      if (answer.kind !== 'ok') return [[name, unknownBecause(whyNot(answer))]]
      const refs = (isMeant: (secret: SecretPrint) => boolean) => answer.value.filter(isMeant).map(({ ref }) => ref)
      const found: SecretDrift = {
        changed: refs(({ source }) => source === 'changed'),
        unreadable: refs(({ source }) => source === 'unreadable'),
        unlike: refs(({ id }) => prints.get(id)!.size > 1),
        unknown: null,
      }
      return [[name, found]]
    }),
  )
}

function whyNot(answer: Exclude<Answer<unknown>, { kind: 'ok' }>): string {
  if (answer.kind !== 'refused') return answer.error
  if (answer.status === 403) return 'the token has not the scope activate'
  return answer.status === 404 ? 'it is a mailgw that cannot tell' : answer.error
}

/** What is another one than the gateway has in use, or is gone. */
export const hasChanged = ({ changed, unreadable }: SecretDrift): boolean => changed.length + unreadable.length > 0

export function secretNotes({ changed, unreadable }: SecretDrift): string[] {
  return [
    ...(changed.length > 0 ? [`changed since it became active: ${changed.join(' ')}`] : []),
    ...(unreadable.length > 0 ? [`cannot be read any more: ${unreadable.join(' ')}`] : []),
  ]
}

/** Below the table: secrets that are not the same everywhere, and gateways that nothing is known of. */
export function secretLines(drifts: ReadonlyMap<string, SecretDrift>): string[] {
  const holders = new Map<string, string[]>()
  const silent = new Map<string, string[]>()
  const add = (map: Map<string, string[]>, key: string, name: string) => map.set(key, [...(map.get(key) ?? []), name])
  for (const [name, { unlike, unknown }] of drifts) {
    for (const ref of unlike) add(holders, ref, name)
    if (unknown !== null) add(silent, unknown, name)
  }
  return [
    ...[...holders].map(([ref, names]) => `secret ${ref} is not the same on ${names.join(', ')}`),
    ...[...silent].map(([why, names]) => `secrets of ${names.join(', ')} were not compared: ${why}`),
  ]
}
