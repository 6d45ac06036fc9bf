import { createHash } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '../../mail/log.ts'
import type { StsPolicy } from './policy.ts'

/** A policy as it was fetched, and when. */
export type KnownPolicy = {
  readonly domain: string
  /** Of the TXT record at that time. */
  readonly id: string
  readonly policy: StsPolicy
  readonly fetchedAt: number
}

/** What is kept of policies, on disk and in memory: names come from whoever sends mail through here. */
export const maxPolicies = 10_000
const maxFileOctets = 256 * 1024

export type PolicyFiles = {
  read(): Promise<readonly KnownPolicy[]>
  write(known: KnownPolicy): Promise<void>
  remove(domain: string): Promise<void>
}

/**
 * Policies in a folder, one file each: a policy that a restart forgot would be one that whoever can block its server has
 * taken away (RFC 8461 §10.2). The file's name is a hash, as a domain is text from the wire. States at a start:
 *   <hash>.json   a policy, if it is one and belongs to that name; anything else is removed and told
 *   *.tmp         a crash while it was written: removed
 */
export function policyFiles(folder: string, log: Log): PolicyFiles {
  const fileOf = (domain: string) => join(folder, `${createHash('sha256').update(domain).digest('hex')}.json`)
  return {
    async read() {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const found: KnownPolicy[] = []
      for (const name of (await readdir(folder)).slice(0, maxPolicies)) {
        const file = join(folder, name)
        const known = name.endsWith('.json') ? await readOne(file) : null
        if (known !== null && fileOf(known.domain) === file) found.push(known)
        else {
          if (name.endsWith('.json')) log.warn('mta-sts.file-unreadable', { file })
          await rm(file, { force: true })
        }
      }
      return found
    },
    async write(known) {
      const file = fileOf(known.domain)
      const temporary = `${file}.tmp`
      const handle = await open(temporary, 'w', 0o600)
      try {
        await handle.writeFile(`${JSON.stringify(known)}\n`)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(temporary, file)
    },
    remove: (domain) => rm(fileOf(domain), { force: true }),
  }
}

async function readOne(file: string): Promise<KnownPolicy | null> {
  try {
    const text = await readFile(file, 'utf8')
    if (text.length > maxFileOctets) return null
    const value: unknown = JSON.parse(text)
    return isKnown(value) ? value : null
  } catch {
    return null
  }
}

function isKnown(value: unknown): value is KnownPolicy {
  if (typeof value !== 'object' || value === null) return false
  const { domain, id, policy, fetchedAt } = value as Record<string, unknown>
  if (typeof domain !== 'string' || typeof id !== 'string' || !Number.isSafeInteger(fetchedAt)) return false
  if (typeof policy !== 'object' || policy === null) return false
  const { mode, mx, maxAgeMs } = policy as Record<string, unknown>
  return (
    (mode === 'enforce' || mode === 'testing' || mode === 'none') &&
    Number.isSafeInteger(maxAgeMs) &&
    Array.isArray(mx) &&
    mx.every((host) => typeof host === 'string')
  )
}
