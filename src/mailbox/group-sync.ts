import { open } from 'node:fs/promises'

type Round = { readonly promise: Promise<void>; readonly resolve: () => void; readonly reject: (error: Error) => void }

function newRound(): Round {
  let resolve: () => void = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

/** Syncs folders. All who ask while a folder's sync runs share the next one. */
export class GroupSync {
  /** Folders whose sync runs, with the round that waits behind it. */
  private readonly running = new Map<string, Round | null>()
  private readonly syncFolder: (folder: string) => Promise<void>

  constructor(syncFolder: (folder: string) => Promise<void> = sync) {
    this.syncFolder = syncFolder
  }

  /** Resolves when every entry that is in the folder now is on stable storage. */
  sync(folder: string): Promise<void> {
    const waiting = this.running.get(folder)
    if (waiting === undefined) return this.run(folder)
    if (waiting !== null) return waiting.promise
    const round = newRound()
    this.running.set(folder, round)
    return round.promise
  }

  private async run(folder: string): Promise<void> {
    this.running.set(folder, null)
    try {
      await this.syncFolder(folder)
    } finally {
      const round = this.running.get(folder)
      this.running.delete(folder)
      if (round) this.run(folder).then(round.resolve, round.reject)
    }
  }
}

/** Syncs one folder. */
export async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
