import type { Document } from '../config/document.ts'
import type { Control } from '../graph/control.ts'
import { hintRightsText } from '../mail/hints.ts'
import type { Builder, Ref } from './builder.ts'
import { byClient } from './clients.ts'

/** Marks mail that fields of its header may steer, in front of `next`. */
export function clientHints(build: Builder, document: Document, next: Ref): Ref {
  return byClient(build, document, next, ({ hints }) =>
    hints === undefined
      ? null
      : build.note({ note: 'hints', code: 0, status: '', text: hintRightsText(hints.rights), at: hints.at }, next),
  )
}

/** Fields of MailerQ leave nobody's mail on, once somebody's are read. */
export const hintNames = ({ clients }: Document): Pick<Control, 'mailerqHints'> =>
  clients.some(({ hints }) => hints?.rights.mailerq === true) ? { mailerqHints: true } : {}
