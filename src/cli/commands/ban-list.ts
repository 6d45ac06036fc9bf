import type { BanView, LockOutView } from '../../admin/operations.ts'
import { askForJson } from '../admin-client.ts'
import { overlaysOf } from '../overlay-request.ts'
import { flag, type Run } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'
import { durationText, oneLine, table } from '../text.ts'

/** One ban of either kind, as `--json` prints it. */
export type ListedBan = {
  /** `operator`: made by `ban add`. `gateway`: made by itself, for what the client did. */
  readonly by: 'operator' | 'gateway'
  readonly id: string
  readonly client: string
  readonly reason: string
  readonly owner: string | null
  readonly since: number
  readonly until: number
}

/** All bans, whoever made them, and the accounts that are locked. */
export const run: Run = async ({ options, terminal }) => {
  const { bans, lockOuts } = await allBans(options)
  if (flag(options, 'json')) terminal.out(`${JSON.stringify({ bans, lockOuts }, null, 2)}\n`)
  else terminal.out(bansText(bans, lockOuts, Date.now()))
  return 0
}

export async function allBans(
  options: Parameters<Run>[0]['options'],
): Promise<{ bans: readonly ListedBan[]; lockOuts: readonly LockOutView[] }> {
  const made = (await askForJson(socketOf(stateDirOf(options)), 'GET', '/v1/bans')) as {
    bans: readonly BanView[]
    lockOuts: readonly LockOutView[]
  }
  const added = (await overlaysOf(options, 'ban')).flatMap((one): ListedBan[] => {
    if (one.kind !== 'ban') return []
    const { id, client, reason, owner, since, until } = one
    return [{ by: 'operator', id, client, reason, owner, since, until }]
  })
  const own = made.bans.map(({ id, client, reason, since, until, times }): ListedBan => {
    const again = times > 1 ? `${reason}, ban ${times} of this client` : reason
    return { by: 'gateway', id, client, reason: again, owner: null, since, until }
  })
  return { bans: [...added, ...own].sort((a, b) => a.since - b.since), lockOuts: made.lockOuts }
}

function bansText(bans: readonly ListedBan[], lockOuts: readonly LockOutView[], now: number): string {
  const ago = (at: number) => `${durationText(now - at)} ago`
  const ends = (at: number) => `in ${durationText(at - now)}`
  const rows = bans.map(({ id, client, since, until, owner, reason }) =>
    [id, client, ago(since), ends(until), owner ?? 'gateway', reason].map(oneLine),
  )
  const parts = [
    rows.length === 0 ? 'there is no ban\n' : table(['id', 'client', 'since', 'ends', 'owner', 'reason'], rows),
  ]
  if (lockOuts.length > 0) {
    const locked = lockOuts.map(({ account, client, since, until }) =>
      [account, client ?? 'whoever is strange to it', ago(since), ends(until)].map(oneLine),
    )
    parts.push(table(['locked account', 'for', 'since', 'ends'], locked))
  }
  return parts.join('\n')
}
