import type { RemoteAdmin } from '../admin/remote.ts'
import type { Control } from '../graph/control.ts'
import type { Doors, DoorsChange, DoorsTls } from '../ingress/doors.ts'
import type { Keyring } from '../ingress/tls/keyring.ts'
import type { Clock, Timer } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import type { ListenerSettings } from '../mail/settings.ts'
import { GatewayError } from './gateway-error.ts'

/**
 * Everything that a gateway listens on: its SMTP listeners, with their certificates, and the remote admin API. Sockets
 * that stay are not touched.
 */
export type Sockets = {
  /** Reads the certificates and binds what is new, or throws what cannot be done and why, with nothing changed. */
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

type Parts = { readonly doors: Doors; readonly remote: RemoteAdmin; readonly keyring: Keyring }

export function openSockets({ doors, remote, keyring }: Parts, { clock, log }: { clock: Clock; log: Log }): Sockets {
  /** Changes that are made ready and neither made nor given up. */
  let outstanding = 0
  let missing: Control | null = null
  let timer: Timer | null = null

  const both = async (control: Control, listeners: readonly ListenerSettings[], anyway = false) => {
    const ring = await (anyway ? keyring.prepareAnyway(control) : keyring.prepare(control)).catch((error: Error) => {
      throw new GatewayError(`a certificate cannot be used: ${error.message}`, { cause: error })
    })
    const change = await doors.prepare(listeners, ring.contexts).catch((error: Error) => {
      throw new GatewayError(`a listener cannot be bound: ${error.message}`, { cause: error })
    })
    try {
      const admin = await remote.prepare(control.admin ?? null).catch((error: Error) => {
        if (!anyway) throw new GatewayError(`the admin API cannot be opened: ${error.message}`, { cause: error })
        log.error('rollback.socket-closed', { socket: 'admin', error: error.message })
        return null
      })
      return tracked(change, [ring, ...(admin === null ? [] : [admin])])
    } catch (error) {
      change.abort()
      throw error
    }
  }
  const tracked = (change: DoorsChange, others: readonly { commit(): void; abort?(): void }[]): SocketsChange => {
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
        for (const other of others) other.commit()
      },
      abort() {
        outstanding--
        change.abort()
        for (const other of others) other.abort?.()
      },
    }
  }

  /** The listeners whose sockets can be bound now; each is tried by itself, after the ones that could. */
  const possible = async (control: Control, tls: DoorsTls): Promise<readonly ListenerSettings[]> => {
    const found: ListenerSettings[] = []
    for (const listener of control.listeners) {
      const change = await doors.prepare([...found, listener], tls).catch((error: Error) => error)
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
      const rest = await both(control, await possible(control, (await keyring.prepareAnyway(control)).contexts), true)
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
