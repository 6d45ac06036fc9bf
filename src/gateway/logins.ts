import { randomBytes } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type OpenAuthenticator, openAuthenticator } from '../credentials/open-authenticator.ts'
import type { Resolver } from '../dns/answer.ts'
import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import type { Live } from './live.ts'
import { addressLookUp } from './look-up.ts'

export type LoginParts = {
  readonly stateDir: string
  readonly live: () => Live
  readonly resolver: Pick<Resolver, 'addresses'>
  readonly clock: Clock
  readonly log: Log
}

export type Logins = OpenAuthenticator & {
  /** Takes the back-ends of a graph. Those that it has in common with the one before keep their connections and memory. */
  take(next: Pick<Live, 'control' | 'secrets'>): void
}

/** Who may log in: one authenticator as long as the gateway runs, sessions under way included. */
export async function startLogins({ stateDir, live, resolver, clock, log }: LoginParts): Promise<Logins> {
  const authenticator = openAuthenticator({
    clock,
    log,
    lookUp: addressLookUp(resolver),
    hostname: () => live().control.hostname,
    decoySecret: await decoySecret(join(stateDir, 'decoy.key')),
  })
  return {
    ...authenticator,
    take: ({ control, secrets }) => authenticator.replace(control.credentials ?? [], secrets),
  }
}

const secretOctets = 32

/** Made at the first start. Who reads it can tell logins that exist from those that do not, and nothing more. */
async function decoySecret(file: string): Promise<Buffer> {
  const kept = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  // A crash in the middle of the first start leaves less than all of it.
  if (kept?.length === secretOctets) return kept
  const fresh = randomBytes(secretOctets)
  const handle = await open(file, 'w', 0o600)
  try {
    await handle.writeFile(fresh)
    await handle.sync()
  } finally {
    await handle.close()
  }
  return fresh
}
