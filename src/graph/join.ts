import type { Reply } from '../mail/reply.ts'
import type { Refused, Verdict } from './admission.ts'

/**
 * The one reply after the data, for verdicts that may differ by recipient. Nothing of the message has been accepted yet,
 * which decides each case:
 *
 * - all accepted: the message is accepted.
 * - all refused: refused, with the reply of the first. When some of them are temporary, with the first temporary one:
 *   the client tries again, and each is decided anew.
 * - some refused, all of those for good: accepted. Those recipients are `failed`: they get a notification to the sender,
 *   as SMTP has no way to say it here (RFC 5321 §4.2.5, §6.1).
 * - some refused, one of them only for now: refused with that temporary reply. To accept would turn "not now" into
 *   "never" for it; nobody loses anything, and nobody gets anything twice.
 *
 * `failed` are indexes into `verdicts`. Throws for no verdicts at all, as a transaction without recipients has no data.
 */
export type Joined =
  | { readonly kind: 'accept'; readonly failed: readonly { readonly index: number; readonly refused: Refused }[] }
  | { readonly kind: 'refuse'; readonly reply: Reply; readonly refused: Refused }

export function joinVerdicts(verdicts: readonly Verdict[]): Joined {
  if (verdicts.length === 0) throw new Error('no recipient, no verdict')
  const failed: { index: number; refused: Refused }[] = []
  for (const [index, verdict] of verdicts.entries()) {
    if (verdict.kind === 'accept') continue
    if (verdict.reply.code < 500) return { kind: 'refuse', reply: verdict.reply, refused: verdict }
    failed.push({ index, refused: verdict })
  }
  if (failed.length < verdicts.length) return { kind: 'accept', failed }
  const { refused } = failed[0]!
  return { kind: 'refuse', reply: refused.reply, refused }
}
