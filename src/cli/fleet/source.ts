import { dirname } from 'node:path'
import type { Document } from '../../config/document.ts'
import type { Bundle } from '../../graph/bundle.ts'
import { bundleOf, reportedDocument } from '../bundle.ts'
import { commitOf } from '../plan/git.ts'
import { type Invocation, type Terminal, textOption } from '../run.ts'

/** What a command is about to put on gateways, and the document that names them; `null` for a graph alone. */
export type Source = {
  readonly bundle: Bundle
  readonly document: Document | null
  /** What the paths of the document are relative to. */
  readonly folder: string
  /** Commit of the document's repository; marked when files of the document differ from it. */
  readonly commit: string | null
}

export async function sourceOf(options: Invocation['options'], terminal: Terminal): Promise<Source> {
  if (textOption(options, 'graph') !== null) {
    return { bundle: await bundleOf(options, terminal), document: null, folder: process.cwd(), commit: null }
  }
  const { bundle, loaded } = await reportedDocument(options, terminal)
  const folder = dirname(loaded.file)
  const at = await commitOf(folder, loaded.files)
  const commit = at === null ? null : at.changed ? `${at.commit} (changed)` : at.commit
  return { bundle, document: loaded.document, folder, commit }
}
