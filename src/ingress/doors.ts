import type { ListenerSettings } from '../mail/settings.ts'
import type { Change, Listener } from './listener.ts'
import type { TlsContexts } from './tls/contexts.ts'

/** All listeners of a gateway. */
export type Doors = {
  readonly listeners: ReadonlyMap<string, Listener>
  /**
   * Makes ready for another set of listeners: all new sockets are bound, or it throws with nothing changed. A listener is
   * the same when it has the same name, or else shares a socket with one that goes away.
   */
  prepare(wanted: readonly ListenerSettings[], tls?: DoorsTls): Promise<DoorsChange>
  /** No new sessions; resolves when the last one ended. */
  drain(): Promise<void>
  close(): Promise<void>
}

/** By the name of the listener; those that are not there speak no TLS. */
export type DoorsTls = ReadonlyMap<string, TlsContexts>

export type DoorsChange = Change & {
  readonly kept: readonly string[]
  readonly opened: readonly string[]
  readonly closed: readonly string[]
}

export function openDoors(open: (settings: ListenerSettings, tls: TlsContexts | null) => Promise<Listener>): Doors {
  let listeners: ReadonlyMap<string, Listener> = new Map()
  /** Listeners that went away and whose sessions have not all ended. */
  const leaving = new Set<Listener>()
  return {
    get listeners() {
      return listeners
    },
    async prepare(wanted, tls = new Map()) {
      const names = new Set(wanted.map(({ name }) => name))
      const free = [...listeners].filter(([name]) => !names.has(name))
      const next = new Map<string, Listener>()
      const changes: Change[] = []
      const opened: string[] = []
      const kept: string[] = []
      const undo = () => {
        for (const change of changes) change.abort()
      }
      try {
        for (const settings of wanted) {
          const contexts = tls.get(settings.name) ?? null
          const known = listeners.get(settings.name) ?? takeRenamed(free, settings)
          if (known === undefined) {
            const listener = await open(settings, contexts)
            changes.push({ commit: () => listener.open(), abort: () => void listener.close() })
            next.set(settings.name, listener)
            opened.push(settings.name)
          } else {
            changes.push(await known.prepare(settings, contexts))
            next.set(settings.name, known)
            kept.push(settings.name)
          }
        }
      } catch (error) {
        undo()
        throw error
      }
      return {
        kept,
        opened,
        closed: free.map(([name]) => name),
        commit() {
          for (const change of changes) change.commit()
          for (const [, listener] of free) {
            leaving.add(listener)
            void listener.drain().then(() => leaving.delete(listener))
          }
          listeners = next
        },
        abort: undo,
      }
    },
    async drain() {
      await Promise.all([...listeners.values(), ...leaving].map((listener) => listener.drain()))
    },
    async close() {
      await Promise.all([...listeners.values(), ...leaving].map((listener) => listener.close()))
    },
  }
}

/** Another name for a socket that is there already: it stays open. */
function takeRenamed(free: [string, Listener][], settings: ListenerSettings): Listener | undefined {
  const index = free.findIndex(([, listener]) =>
    listener
      .addresses()
      .some(({ host, port }) => settings.bind.some((bind) => bind.host === host && bind.port === port)),
  )
  return index < 0 ? undefined : free.splice(index, 1)[0]![1]
}
