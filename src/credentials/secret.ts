import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { SecretRef } from '../mail/settings.ts'

/**
 * The value behind a reference: `env:NAME`, `file:/path` or `exec:["program","argument"]`. One line end at the end is not
 * part of it. Errors name the reference and never the value.
 */
export async function resolveSecret({ $secret }: SecretRef): Promise<string> {
  const value = (await valueOf($secret)).replace(/\r?\n$/, '')
  if (value === '') throw new Error(`secret ${$secret} is empty`)
  return value
}

async function valueOf(reference: string): Promise<string> {
  const at = reference.indexOf(':')
  const kind = reference.slice(0, at)
  const rest = reference.slice(at + 1)
  switch (kind) {
    case 'env': {
      const value = process.env[rest]
      if (value === undefined) throw new Error(`secret ${reference}: the environment has no ${rest}`)
      return value
    }
    case 'file':
      return await readFile(rest, 'utf8').catch((error: NodeJS.ErrnoException) => {
        throw new Error(`secret ${reference}: the file cannot be read (${error.code})`)
      })
    case 'exec': {
      const [program, ...args] = JSON.parse(rest) as [string, ...string[]]
      try {
        const { stdout } = await promisify(execFile)(program, args, { timeout: 10_000, maxBuffer: 65_536 })
        return stdout
      } catch (error) {
        // The error of execFile holds what the program printed: maybe the value.
        const { code, signal } = error as { code?: string | number; signal?: string }
        throw new Error(`secret ${reference}: the program failed (${signal ?? code ?? 'no reason given'})`)
      }
    }
    default:
      throw new Error(`secret ${reference}: expected env:, file: or exec:`)
  }
}
