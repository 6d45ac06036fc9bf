import type { Route } from '../mail/next-hop.ts'
import { assertNever } from '../mail/result.ts'

/** Whether mail would take another way: another next hop (or the same name with other hosts), another end. */
export function routeDiffers(before: Route, after: Route): boolean {
  if (before.kind !== after.kind) return true
  switch (before.kind) {
    case 'next-hop':
      return after.kind === 'next-hop' && before.nextHop.key !== after.nextHop.key
    case 'refuse':
      return (
        after.kind === 'refuse' && (before.reply.code !== after.reply.code || before.reply.text !== after.reply.text)
      )
    // Why it is kept makes no difference to the mail.
    case 'hold':
    case 'discard':
      return false
    default:
      return assertNever(before)
  }
}
