import type { RemoteAdmin } from '../admin/remote.ts'
import type { Control } from '../graph/control.ts'
import type { Doors, DoorsChange } from '../ingress/doors.ts'
import type { Clock, Timer } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import type { ListenerSettings } from '../mail/settings.ts'

/** Everything that a gateway listens on: its SMTP listeners and the remote admin API. Sockets that stay are not touched. */
export type Sockets = {
  /** Binds what is new, or throws what the system says with nothing changed. */
  prepare(control: Control): Promise<SocketsChange>
  /**
   * For the way back, which nothing may hinder: what cannot be bound stays closed, is told aloud, and is tried again
   * every second until it stands or something else is made ready.
   */
  prepareAnyway(control: Control): Promise<SocketsChange>
  close(): void
}

export type SocketsChange = DoorsChange

const retryMs = 1000

export function openSockets(doors: Doors, remote: RemoteAdmin, { clock, log }: { clock: Clock; log: Log }): Sockets {
  /** Changes that are made ready and neither made nor given up. */
  let outstanding = 0
  let missing: Control | null = null
  let timer: Timer | null = null

  const both = async (control: Control, listeners: readonly ListenerSettings[], anyway = false) => {
    const change = await doors.prepare(listeners).catch((error: Error) => {
      throw new Error(`a listener cannot be bound: ${error.message}`, { cause: error })
    })
    try {
      const admin = await remote.prepare(control.admin ?? null).catch((error: Error) => {
        if (!anyway) throw new Error(`the admin API cannot be opened: ${error.message}`, { cause: error })
        log.error('rollback.socket-closed', { socket: 'admin', error: error.message })
        return null
      })
      return tracked(change, admin)
    } catch (error) {
      change.abort()
      throw error
    }
  }
  const tracked = (change: DoorsChange, admin: { commit(): void; abort(): void } | null): SocketsChange => {
    outstanding++
    const { kept, opened, closed } = change
    return {
      kept,
      opened,
      closed,
      commit() {
        outstanding--
        missing = null
        change.commit()
        admin?.commit()
      },
      abort() {
        outstanding--
        change.abort()
        admin?.abort()
      },
    }
  }

  /** The listeners whose sockets can be bound now; each is tried by itself, after the ones that could. */
  const possible = async (control: Control): Promise<readonly ListenerSettings[]> => {
    const found: ListenerSettings[] = []
    for (const listener of control.listeners) {
      const change = await doors.prepare([...found, listener]).catch((error: Error) => error)
      if (change instanceof Error) {
        log.error('rollback.socket-closed', { socket: listener.name, error: change.message })
        continue
      }
      change.abort()
      found.push(listener)
    }
    return found
  }

  const retry = (control: Control): void => {
    missing = control
    timer ??= clock.setTimeout(() => {
      timer = null
      if (missing === null) return
      const wanted = missing
      if (outstanding > 0) return retry(wanted)
      both(wanted, wanted.listeners)
        .then((change) => {
          // Something else was made ready meanwhile, and has its own sockets.
          if (missing !== wanted || outstanding > 1) change.abort()
          else {
            change.commit()
            log.info('rollback.sockets-open', { listeners: wanted.listeners.map(({ name }) => name) })
          }
        })
        .catch(() => {})
        .finally(() => {
          if (missing === wanted) retry(wanted)
        })
    }, retryMs)
  }

  return {
    prepare: (control) => both(control, control.listeners),
    async prepareAnyway(control) {
      const change = await both(control, control.listeners, true).catch(() => null)
      if (change !== null) return change
      const rest = await both(control, await possible(control), true)
      return {
        ...rest,
        commit() {
          rest.commit()
          retry(control)
        },
      }
    },
    close() {
      missing = null
      timer?.cancel()
    },
  }
}
