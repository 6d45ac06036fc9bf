import type { Control } from '../graph/control.ts'
import type { NextHop } from '../mail/next-hop.ts'
import type { NextHopSettings } from '../mail/next-hop-settings.ts'
import type { Mailbox } from '../mail/path.ts'
import { rewritingOf } from '../mail/rewriting.ts'
import type { QueueEntry } from '../queue/entry.ts'
import type { Form } from '../queue/form.ts'
import { settingsOf } from '../route/next-hop-settings.ts'
import type { Live } from './live.ts'

/**
 * How messages leave by the active graph: rewritten for their client and for the next hop, with a return address of ours,
 * as a report to a journal. `null` for all others, which is found out by a few looks at what is absent.
 */
export function formsOf(
  live: () => Pick<Live, 'control' | 'postmaster'>,
): (entry: QueueEntry, recipients: readonly number[], nextHop: NextHop) => Form | null {
  return ({ envelope }, recipients, nextHop) => {
    const { control, postmaster } = live()
    const { rewrite, conversion } = nextHopSettings(nextHop, control)
    const { sender, journal, mailbox } = envelope.recipients[recipients[0] as number]!
    const { rewriting, from, hints } = envelope
    const isPlain = sender === undefined && journal === undefined && rewriting === undefined && hints === undefined
    if (isPlain && rewrite === undefined && conversion === undefined) return null

    // A journal keeps what came; who it came from is in its report.
    const own = rewrite === undefined || journal !== undefined ? null : rewritingOf(rewrite)
    const clients = rewriting === undefined || journal !== undefined ? undefined : named(control, rewriting)
    const toOthers =
      own === null || own.recipients.isEmpty ? null : (to: Mailbox): Mailbox => own.recipients.rewritten(to) ?? to
    return {
      // One that leads back to us must reach us as it is.
      sender: sender !== undefined ? sender : from === null ? null : (own?.senders.rewritten(from) ?? from),
      recipients: toOthers,
      header: [...(clients === undefined ? [] : [clients]), ...(own === null ? [] : [own])].filter(
        ({ header }) => header,
      ),
      hints:
        hints === undefined
          ? null
          : { mailerq: hints.mailerq === true, tag: journal === undefined ? (hints.class ?? null) : null },
      report: journal === 'report' ? { from: postmaster, to: mailbox } : null,
      conversion: conversion ?? 'convert',
    }
  }
}

const named = (control: Control, name: string) => {
  const settings = control.rewritings?.find((one) => one.name === name)
  return settings === undefined ? undefined : rewritingOf(settings)
}

// By next hop, of which lanes keep one: the document is not searched for each message.
const known = new WeakMap<NextHop, { readonly control: Control; readonly settings: NextHopSettings }>()

function nextHopSettings(nextHop: NextHop, control: Control): NextHopSettings {
  const found = known.get(nextHop)
  if (found?.control === control) return found.settings
  const settings = settingsOf(nextHop, control)
  known.set(nextHop, { control, settings })
  return settings
}
