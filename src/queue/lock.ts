import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SpoolError } from './spool-error.ts'

export type Lock = { release(): void }

type Owner = {
  readonly pid: number
  /** Start time of the process in clock ticks since boot: a pid alone is given away again. */
  readonly started: string
  readonly boot: string
}

/**
 * Locks a state folder for this process. The lock of a process that has ended, or of another boot, is taken over.
 * @throws SpoolError `locked` when another gateway runs there
 */
export function lockFolder(folder: string): Lock {
  const path = join(folder, 'lock')
  const own = `${path}.${process.pid}`
  writeFileSync(own, `${JSON.stringify(ownerOf(process.pid))}\n`, { mode: 0o600 })
  try {
    for (let tries = 0; tries < 5; tries++) {
      // A link, as it is made whole or not at all, and never over another one.
      if (link(own, path)) return { release: () => remove(path) }
      removeStale(path)
    }
    throw new SpoolError('locked', `${path}: cannot be taken`)
  } finally {
    remove(own)
  }
}

function removeStale(path: string): void {
  const text = read(path)
  if (text === null) return
  const owner = parse(text)
  if (owner !== null && isAlive(owner)) {
    throw new SpoolError('locked', `${path}: another gateway (pid ${owner.pid}) runs on this state folder`)
  }
  // Moved aside first and looked at again: if another start was quicker, it is that one's new lock which was moved.
  const aside = `${path}.stale.${process.pid}`
  try {
    renameSync(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if (read(aside) !== text) link(aside, path)
  remove(aside)
}

function isAlive(owner: Owner): boolean {
  const now = ownerOf(owner.pid)
  return now !== null && now.started === owner.started && now.boot === owner.boot
}

/** `null`: there is no such process. */
function ownerOf(pid: number): Owner | null {
  const boot = read('/proc/sys/kernel/random/boot_id')?.trim() ?? ''
  const stat = read(`/proc/${pid}/stat`)
  if (stat !== null) {
    // The name in brackets may hold anything; field 22 is the 20th behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A zombie has ended; only its parent has not yet heard of it.
    return fields[0] === 'Z' ? null : { pid, started: fields[19] ?? '', boot }
  }
  // No /proc: the pid has to do.
  try {
    process.kill(pid, 0)
    return { pid, started: '', boot }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? { pid, started: '', boot } : null
  }
}

function parse(text: string): Owner | null {
  try {
    const { pid, started, boot } = JSON.parse(text) as Partial<Owner>
    if (typeof pid !== 'number' || typeof started !== 'string' || typeof boot !== 'string') return null
    return { pid, started, boot }
  } catch {
    return null
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
