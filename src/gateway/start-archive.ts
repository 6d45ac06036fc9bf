import type { ArchiveOperations } from '../admin/archive-operations.ts'
import type { Journal } from '../admin/journal.ts'
import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import { Archive, type ArchiveKind } from '../queue/archive/archive.ts'
import { resurrect } from '../queue/archive/resurrect.ts'
import type { Inlet } from '../queue/intake.ts'
import type { Live } from './live.ts'

export type ArchiveParts = {
  readonly stateDir: string
  readonly live: () => Live
  readonly clock: Clock
  readonly log: Log
}

/** Keeps what the active document says of messages that leave the queue. */
export function startArchive({ stateDir, live, clock, log }: ArchiveParts): Archive {
  const archive = new Archive({ stateDir, settings: () => live().control.archive, clock, log })
  archive.start()
  return archive
}

/** What operators may ask of it. */
export function archiveOperations(
  archive: Archive,
  {
    inlet,
    journal,
    live,
    log,
  }: { readonly inlet: Inlet; readonly journal: Journal } & Pick<ArchiveParts, 'live' | 'log'>,
): ArchiveOperations {
  return {
    async resurrect({ dryRun, onBehalfOf, ...lost }, { actor }) {
      const folder = archive.folder('failed')
      if (folder === null) return null
      const done = await resurrect(folder, lost, { inlet, dryRun, log })
      if (!dryRun && done.messages > 0) {
        const { messages, recipients, rows } = done
        const detail = { action: 'resurrect', messages, recipients, ids: rows.slice(0, 100).map(({ id }) => id) }
        await journal.write({ actor, action: 'queue', onBehalfOf, from: live().hash, detail })
      }
      return done
    },
  }
}

/** For status and metrics; `{}` where nothing is kept. */
export function archiveView(archive: Archive): Readonly<Record<string, ArchiveView>> {
  const view: Record<string, ArchiveView> = {}
  for (const kind of ['sent', 'failed'] satisfies ArchiveKind[]) {
    const folder = archive.folder(kind)
    if (folder === null) continue
    const { dir, bytes, messages } = folder
    view[kind] = { dir, bytes, messages, ...archive.tallies[kind] }
  }
  return view
}

/** `messages` and `bytes` as far as they have been counted; `kept` and `lost` since the start. */
export type ArchiveView = {
  readonly dir: string
  readonly bytes: number
  readonly messages: number
  readonly kept: number
  readonly lost: number
}
