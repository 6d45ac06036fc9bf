import { writeFile } from 'node:fs/promises'
import { fenced, marker, maxMarkdown } from '../plan/plan-markdown.ts'
import { CommandError } from '../run.ts'

/** The comment when there is no plan: the document has errors, or there is nothing to compare it with. */
export function plainComment(document: string, title: string, text: string): string {
  const head = `${marker(document)}\n### mailgw: ${title}\n`
  if (text.trim() === '') return head
  const room = maxMarkdown - head.length - 200
  const shown = text.length <= room ? text : `${text.slice(0, room)}\n... and more`
  return `${head}\n${fenced(shown.trimEnd())}`
}

export async function writeComment(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((error: Error) => {
    throw new CommandError(`--comment: the comment cannot be written: ${error.message}`)
  })
}
