import type { Notes } from './admission.ts'
import type { Visit } from './visit.ts'

/**
 * Writes down what was said in passing about a command: rules that only look on (`mode: 'observe'`), and marks.
 * Gives the marks.
 */
export function tellNotes(
  { id, house, caller }: Pick<Visit, 'id' | 'house' | 'caller'>,
  stage: 'connect' | 'helo' | 'mail' | 'rcpt' | 'data',
  address: string | null,
  notes: Notes,
): readonly string[] {
  const { listener, client, login } = caller
  const who = { session: id, listener, client, ...(login === null ? {} : { login }), stage, address }
  const tags: string[] = []
  for (const note of notes) {
    const { at, code, text } = note
    const place = note.file === null ? at : `${at} (${note.file}:${note.line}:${note.column})`
    if (note.note === 'observe') house.log.info('rule.observed', { ...who, code, text, at: place })
    else if (note.note === 'tag') {
      tags.push(text)
      house.log.info('rule.tagged', { ...who, tag: text, at: place })
    }
  }
  return tags
}

/** The rows that would have refused, for the record of the decision; absent: none. */
export const observedBy = (notes: Notes | undefined): readonly string[] | undefined => {
  const found = notes?.filter(({ note }) => note === 'observe').map(({ at }) => at)
  return found === undefined || found.length === 0 ? undefined : found
}
