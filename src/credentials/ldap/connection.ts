import type { Entry } from 'ldapts'
import type { DialSettings, LdapServer } from './dial.ts'
import { dial } from './dial.ts'
import { LdapLine } from './line.ts'

/** RFC 4511 §4.1.9: the password is wrong, or there is none to compare with. Anything else says nothing of the password. */
const refusals: ReadonlySet<number> = new Set([48, 49])

export type LdapSearch = {
  readonly base: string
  readonly scope: 'base' | 'one' | 'sub'
  readonly filter: string
  readonly attributes: readonly string[]
}

export type LdapConnection = {
  readonly server: LdapServer
  readonly isOpen: boolean
  /** False when the directory refuses the password. Rejects when it cannot tell. */
  bind(dn: string, password: string): Promise<boolean>
  /** Two entries at most: one is the answer, two are too many. Rejects when it cannot tell. */
  search(search: LdapSearch): Promise<readonly Entry[]>
  /** Cuts the line under whatever waits for an answer. */
  cut(): void
  /** Ends it in order. */
  close(): void
  /** `false` while nobody waits for it: it must not keep a process alive. */
  ref(wanted: boolean): void
}

/** Connects to a server, or rejects with the reason. */
export async function connectLdap(
  server: LdapServer,
  settings: DialSettings,
  signal: AbortSignal,
): Promise<LdapConnection> {
  return await speakLdap(server, new LdapLine(await dial(server, settings, signal)))
}

/** LDAP on a line that is there already. It is never dialled anew: what a directory knows of us is gone with it. */
export async function speakLdap(server: LdapServer, line: LdapLine): Promise<LdapConnection> {
  // Whoever waits hears of it by the library; without a listener an idle line that breaks would end the process.
  line.on('error', () => {})
  // Loaded by who needs it: most gateways ask no directory.
  const { Client, ResultCodeError } = await import('ldapts')
  let dialled = false
  const createConnection = () => {
    if (dialled) throw new Error('the directory closed the connection')
    dialled = true
    return line as never
  }
  const client = new Client({ url: 'ldap://directory', createConnection })
  /** The library's messages name its own classes first; a result of the directory has a name and a number. */
  const inWords = (what: string, error: unknown): Error => {
    if (error instanceof ResultCodeError) {
      return new Error(`${server.url}: ${what} ended with result ${error.code} (${error.name})`, { cause: error })
    }
    const reason = (error as Error).message.split('\n').at(-1)
    return new Error(`${server.url}: ${what} failed: ${reason}`, { cause: error })
  }
  return {
    server,
    get isOpen() {
      return !line.destroyed && line.writable && !line.readableEnded
    },
    async bind(dn, password) {
      line.renew()
      try {
        // As a thing with `toString`: a plain text may be taken for the name of a SASL mechanism.
        await client.bind({ toString: () => dn } as never, password)
        return true
      } catch (error) {
        if (error instanceof ResultCodeError && refusals.has(error.code)) return false
        throw inWords('bind', error)
      }
    },
    async search({ base, scope, filter, attributes }) {
      line.renew()
      const wanted = attributes.length === 0 ? ['1.1'] : [...attributes]
      try {
        const { searchEntries } = await client.search(base, { scope, filter, attributes: wanted, sizeLimit: 2 })
        return searchEntries
      } catch (error) {
        throw inWords('search', error)
      }
    },
    cut: () => line.destroy(),
    close() {
      client.unbind().catch(() => {})
    },
    ref: (wanted) => line.ref(wanted),
  }
}
