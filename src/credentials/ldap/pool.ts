import type { Clock } from '../../mail/clock.ts'
import { Semaphore } from '../../mail/semaphore.ts'
import { ServerOrder } from '../server-order.ts'
import { connectLdap, type LdapConnection } from './connection.ts'
import type { DialSettings, LdapServer } from './dial.ts'

/** `finder`: bound as the one who may search. `checker`: bound as whoever logged in last, so it is for binds alone. */
export type Role = 'finder' | 'checker'

export type PoolSettings = DialSettings & {
  readonly servers: readonly LdapServer[]
  readonly connections: number
  /** How long one server may take to be connected to: the others must get their turn. */
  readonly connectMs: number
  /** Makes a fresh connection one of a finder. Rejects when the directory does not let it. */
  readonly bindFinder: (connection: LdapConnection) => Promise<void>
}

/** Directories close what is idle after some minutes, and a firewall between forgets it without a word. */
const idleMs = 60_000

type Idle = { readonly connection: LdapConnection; readonly role: Role; readonly since: number }

/** Connections to a directory that are kept for the next question. */
export class LdapPool {
  readonly #settings: PoolSettings
  readonly #clock: Clock
  readonly #order: ServerOrder<LdapServer>
  readonly #places: Semaphore
  readonly #busy = new Set<LdapConnection>()
  #idle: Idle[] = []
  #closed = false

  constructor(settings: PoolSettings, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
    this.#order = new ServerOrder(settings.servers)
    this.#places = new Semaphore(settings.connections, Number.POSITIVE_INFINITY)
  }

  /**
   * Does some work with a connection, and once more with a fresh one when one that was kept broke meanwhile: the directory
   * may have closed it in the moment in which it was used.
   */
  async use<Value>(role: Role, signal: AbortSignal, work: (one: LdapConnection) => Promise<Value>): Promise<Value> {
    if ((await this.#places.enter(signal)) !== 'in') throw new Error('no connection was free in time')
    try {
      const kept = this.#take(role)
      if (kept !== null) {
        try {
          return await this.#work(kept, role, signal, work)
        } catch (error) {
          if (kept.isOpen || signal.aborted) throw error
        }
      }
      return await this.#work(await this.#connect(role, signal), role, signal, work)
    } finally {
      this.#places.leave()
    }
  }

  close(): void {
    this.#closed = true
    for (const { connection } of this.#idle.splice(0)) connection.close()
    for (const connection of this.#busy) connection.cut()
  }

  async #work<Value>(
    connection: LdapConnection,
    role: Role,
    signal: AbortSignal,
    work: (one: LdapConnection) => Promise<Value>,
  ): Promise<Value> {
    const { server } = connection
    // An answer that comes too late would be taken for that of the next question's bind.
    const cut = () => {
      this.#order.failed(server, this.#clock.now())
      connection.cut()
    }
    signal.addEventListener('abort', cut, { once: true })
    this.#busy.add(connection)
    connection.ref(true)
    try {
      if (signal.aborted) cut()
      const value = await work(connection)
      this.#order.worked(server)
      return value
    } finally {
      signal.removeEventListener('abort', cut)
      this.#busy.delete(connection)
      this.#keep(connection, role)
    }
  }

  #take(role: Role): LdapConnection | null {
    this.#sweep()
    const at = this.#idle.findLastIndex((one) => one.role === role)
    return at < 0 ? null : this.#idle.splice(at, 1)[0]!.connection
  }

  #keep(connection: LdapConnection, role: Role): void {
    if (!connection.isOpen) return
    if (this.#closed) {
      connection.close()
      return
    }
    connection.ref(false)
    this.#idle.push({ connection, role, since: this.#clock.now() })
  }

  /** What is idle too long, or closed by the other side, is gone; as is what would be more than the document allows. */
  #sweep(more = 0): void {
    const now = this.#clock.now()
    const room = Math.max(0, this.#settings.connections - this.#busy.size - more)
    const alive = this.#idle.filter(({ connection, since }) => connection.isOpen && now - since < idleMs)
    const kept = alive.slice(Math.max(0, alive.length - room))
    for (const one of this.#idle) if (!kept.includes(one)) one.connection.close()
    this.#idle = kept
  }

  async #connect(role: Role, signal: AbortSignal): Promise<LdapConnection> {
    this.#sweep(1)
    const { bindFinder, connectMs } = this.#settings
    let last: Error | null = null
    for (const server of this.#order.order(this.#clock.now())) {
      if (signal.aborted || this.#closed) break
      const control = new AbortController()
      const stop = () => control.abort()
      const timer = this.#clock.setTimeout(stop, connectMs)
      signal.addEventListener('abort', stop, { once: true })
      let connection: LdapConnection | null = null
      try {
        connection = await connectLdap(server, this.#settings, control.signal)
        if (role === 'checker') return connection
        const opened = connection
        control.signal.addEventListener('abort', () => opened.cut(), { once: true })
        await bindFinder(connection)
        return connection
      } catch (error) {
        connection?.cut()
        this.#order.failed(server, this.#clock.now())
        last = error as Error
      } finally {
        timer.cancel()
        signal.removeEventListener('abort', stop)
      }
    }
    throw last ?? new Error('given up')
  }
}
