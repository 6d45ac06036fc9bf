import type { Clock } from '../../mail/clock.ts'
import type { SecretRef } from '../../mail/settings.ts'
import type { SecretValue } from '../credential-secrets.ts'
import type { LookUp } from '../source.ts'
import { parseLdapUrl } from './dial.ts'
import { LdapPool } from './pool.ts'

export type Directory = {
  readonly urls: readonly string[]
  readonly startTls: boolean
  readonly ca: string | null
  readonly connections: number
  readonly timeoutMs: number
  /** As whom is searched; `null`: anonymously. */
  readonly bind: { readonly dn: string; readonly password: SecretRef } | null
}

/** Connections to a directory as a document has it. */
export function openDirectory(
  { urls, startTls, ca, connections, timeoutMs, bind }: Directory,
  secret: SecretValue,
  { clock, lookUp }: { readonly clock: Clock; readonly lookUp: LookUp },
): LdapPool {
  const servers = urls.map(parseLdapUrl)
  const password = bind === null ? null : secret(bind.password)
  return new LdapPool(
    {
      servers,
      startTls,
      ca,
      lookUp,
      connections,
      connectMs: Math.ceil((timeoutMs * 0.9) / servers.length),
      async bindFinder(connection) {
        if (bind === null || password === null) return
        // That OUR password is wrong says nothing of anybody else's.
        const isBound = await connection.bind(bind.dn, password)
        if (!isBound) throw new Error(`${connection.server.url}: the password of ${bind.dn} is refused`)
      },
    },
    clock,
  )
}
