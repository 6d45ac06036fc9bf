import type { Consequence } from '../config/document.ts'
import type { Builder, Ref } from './builder.ts'

/** A refusal as the document has it; `observe`: it is only noted, and mail goes on. */
export type Refusing = {
  readonly code: number
  readonly status: string
  readonly text: string
  readonly at: string
  readonly mode: 'observe' | undefined
}

/** A leaf, or a note that goes on to `next`. */
export function refusal(build: Builder, { mode, ...reply }: Refusing, next: Ref): Ref {
  if (mode === 'observe') return build.note({ note: 'observe', ...reply }, next)
  return build.leaf({ kind: 'refuse', ...reply })
}

/** What a rule does: refuses, marks the message and goes on, or is only observed. */
export function follow(
  build: Builder,
  consequence: Consequence,
  { at, mode }: Pick<Refusing, 'at' | 'mode'>,
  next: Ref,
): Ref {
  if (!('tag' in consequence)) {
    const { code, text, status = `${Math.floor(code / 100)}.7.1` } = consequence
    return refusal(build, { code, status, text, at, mode }, next)
  }
  const note = mode ?? 'tag'
  // Of a mark that is only observed there is no reply to tell of: 450 is what stands for "no reply for good".
  if (note === 'observe') {
    return build.note({ note, code: 450, status: '4.7.1', text: `would be tagged ${consequence.tag}`, at }, next)
  }
  return build.note({ note, code: 0, status: '', text: consequence.tag, at }, next)
}

/** What `onError: 'defer'` says. */
export const cannotTell = (build: Builder, text: string, at: string): Ref =>
  build.leaf({ kind: 'refuse', code: 451, status: '4.7.1', text, at })
