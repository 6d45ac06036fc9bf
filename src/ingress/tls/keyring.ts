import type { Control } from '../../graph/control.ts'
import type { CertificateView } from '../../mail/certificate-view.ts'
import type { Clock, Timer } from '../../mail/clock.ts'
import type { Log } from '../../mail/log.ts'
import type { CertificateSettings, ListenerSettings } from '../../mail/settings.ts'
import { type Authorities, CertificateError, type Pair, readAuthorities, readPair, stampOf } from './certificate.ts'
import { type ListenerContexts, listenerContexts, type TlsContexts } from './contexts.ts'
import { watchExpiry } from './expiry.ts'

/** How often the files are looked at: whoever renews a certificate has it served within this time. */
const lookEveryMs = 2000

/** The key of session tickets, which could open all that was recorded under it, is no older than this (RFC 9325 §3.4). */
const ticketsMs = 86_400_000

/** All certificates of a gateway: read before an apply is made, looked at again for as long as they are served. */
export type Keyring = {
  /**
   * Reads all that the listeners of a graph need.
   * @throws CertificateError with nothing changed, naming the file and the reason
   */
  prepare(control: KeyringControl): Promise<KeyringChange>
  /**
   * For the way back, which nothing may hinder: of what cannot be read, what is in memory is used; a listener for which
   * nothing is left has no TLS, which is told aloud.
   */
  prepareAnyway(control: KeyringControl): Promise<KeyringChange>
  list(): readonly CertificateView[]
  /** Looks at the files now. */
  refresh(): Promise<void>
  close(): void
}

export type KeyringControl = Pick<Control, 'certificates' | 'listeners'>

export type KeyringChange = {
  /** By the name of the listener. */
  readonly contexts: ReadonlyMap<string, TlsContexts>
  commit(): void
}

type Ring = {
  /** By the name of the certificate. */
  readonly pairs: Map<string, Pair>
  /** By file. */
  readonly authorities: Map<string, Authorities>
  readonly listeners: ReadonlyMap<string, ListenerContexts>
}

export function openKeyring({ clock, log }: { clock: Clock; log: Log }): Keyring {
  let ring: Ring = { pairs: new Map(), authorities: new Map(), listeners: new Map() }
  /** Why the files of today are not served, by the name of the certificate or the file of authorities, each told once. */
  const stale = new Map<string, { readonly stamp: string; readonly why: string }>()
  const expiry = watchExpiry(log)
  let timer: Timer | null = null
  let closed = false
  /** When the keys of session tickets were made. */
  let madeAt = clock.now()

  const readAll = async (control: KeyringControl, instead: Ring | null): Promise<Ring> => {
    const wanted = control.listeners.filter(({ tls }) => tls !== undefined)
    const pairs = new Map<string, Pair>()
    const authorities = new Map<string, Authorities>()
    const known = new Map((control.certificates ?? []).map((one) => [one.name, one]))
    for (const name of new Set(wanted.flatMap(({ tls }) => tls!.certificates))) {
      const pair = await readOr(
        () => readPair(settingsOf(known, name)),
        `certificate ${name}`,
        instead?.pairs.get(name),
      )
      if (pair !== undefined) pairs.set(name, pair)
    }
    for (const file of new Set(wanted.flatMap(({ tls }) => tls!.clientCa ?? []))) {
      const found = await readOr(
        () => readAuthorities(file),
        'the authorities of clients',
        instead?.authorities.get(file),
      )
      if (found !== undefined) authorities.set(file, found)
    }
    const listeners = new Map<string, ListenerContexts>()
    for (const listener of wanted) {
      const made = await readOr(
        async () => contextsOf(listener, pairs, authorities),
        `listener ${listener.name}`,
        instead === null ? undefined : (instead.listeners.get(listener.name) ?? null),
      )
      if (made != null) listeners.set(listener.name, made)
    }
    return { pairs, authorities, listeners }

    /** `instead`: undefined means that nothing may stand in, and the error is thrown on. */
    async function readOr<Value>(
      read: () => Promise<Value>,
      what: string,
      old: Value | undefined,
    ): Promise<Value | undefined> {
      try {
        return await read()
      } catch (error) {
        const { message } = error as Error
        if (instead === null) throw new CertificateError(what, message, error)
        log.error('certificate.unusable', { what, error: message, kept: old != null })
        return old
      }
    }
  }

  const change = (next: Ring): KeyringChange => ({
    contexts: next.listeners,
    commit() {
      ring = next
      madeAt = clock.now()
      stale.clear()
      for (const pair of ring.pairs.values()) {
        if (pair.open) log.warn('certificate.key-open', { certificate: pair.settings.name, file: pair.settings.key })
      }
      expiry.look(ring.pairs.values(), clock.now())
      if (ring.pairs.size > 0 && !closed) timer ??= clock.setTimeout(look, lookEveryMs)
    },
  })

  const look = (): void => {
    timer = null
    refresh()
      .catch((error: Error) => log.error('certificate.unusable', { what: 'all', error: error.message, kept: true }))
      .finally(() => {
        if (!closed && ring.pairs.size > 0) timer ??= clock.setTimeout(look, lookEveryMs)
      })
  }

  const refresh = async (): Promise<void> => {
    const looked = ring
    const changed = new Set<string>()
    for (const [name, pair] of looked.pairs) {
      const { certificate, key } = pair.settings
      const fresh = await renewed(name, pair, [certificate, key], () => readPair(pair.settings))
      if (fresh === null || ring !== looked) continue
      looked.pairs.set(name, fresh)
      changed.add(name)
    }
    for (const [file, old] of looked.authorities) {
      const fresh = await renewed(file, old, [file], () => readAuthorities(file))
      if (fresh === null || ring !== looked) continue
      looked.authorities.set(file, fresh)
      changed.add(file)
    }
    // Another document was made active meanwhile, whose files were read for it.
    if (ring !== looked) return
    const age = clock.now() - madeAt
    if (age >= ticketsMs) madeAt = clock.now()
    if (changed.size > 0 || age >= ticketsMs) takeOver(looked, changed, age >= ticketsMs)
    expiry.look(looked.pairs.values(), clock.now())
  }

  /** What the files hold now; `null`: the same as before, or nothing of use, in which case the old one is served on. */
  const renewed = async <Value extends { readonly stamp: string }>(
    name: string,
    { stamp }: Value,
    files: readonly string[],
    read: () => Promise<Value>,
  ): Promise<Value | null> => {
    const now = await stampOf(files).catch((error: Error) => error)
    const told = stale.get(name)
    if (now === stamp) {
      stale.delete(name)
      return null
    }
    const seen = now instanceof Error ? now.message : now
    if (told?.stamp === seen) return null
    const fresh = now instanceof Error ? now : await read().catch((error: Error) => error)
    if (!(fresh instanceof Error)) {
      stale.delete(name)
      return fresh
    }
    stale.set(name, { stamp: seen, why: fresh.message })
    log.warn('certificate.kept', { certificate: name, error: fresh.message })
    return null
  }

  const takeOver = ({ listeners, pairs, authorities }: Ring, changed: ReadonlySet<string>, all: boolean): void => {
    for (const [name, contexts] of listeners) {
      const { certificates, clientCa } = contexts.settings
      if (!all && ![...certificates, clientCa].some((one) => one !== null && changed.has(one))) continue
      try {
        contexts.renew(
          certificates.flatMap((one) => pairs.get(one) ?? []),
          clientCa === null ? null : (authorities.get(clientCa) ?? null),
        )
      } catch (error) {
        log.warn('certificate.kept', { certificate: name, error: (error as Error).message })
      }
    }
    for (const name of changed) {
      const pair = pairs.get(name)
      const until = pair === undefined ? null : new Date(pair.notAfter).toISOString()
      log.info('certificate.renewed', { certificate: name, notAfter: until })
    }
  }

  return {
    prepare: async (control) => change(await readAll(control, null)),
    prepareAnyway: async (control) => change(await readAll(control, ring)),
    list: () =>
      [...ring.pairs].map(([name, { settings, subject, issuer, names, notBefore, notAfter }]) => ({
        name,
        file: settings.certificate,
        subject,
        issuer,
        names,
        notBefore,
        notAfter,
        listeners: [...ring.listeners].flatMap(([listener, { settings }]) =>
          settings.certificates.includes(name) ? [listener] : [],
        ),
        stale: stale.get(name)?.why ?? null,
      })),
    refresh,
    close() {
      closed = true
      timer?.cancel()
    },
  }
}

function settingsOf(known: ReadonlyMap<string, CertificateSettings>, name: string): CertificateSettings {
  const settings = known.get(name)
  if (settings === undefined) throw new CertificateError(name, 'the graph names no files for it')
  return settings
}

function contextsOf(
  listener: ListenerSettings,
  pairs: ReadonlyMap<string, Pair>,
  authorities: ReadonlyMap<string, Authorities>,
): ListenerContexts {
  const tls = listener.tls!
  const own = tls.certificates.flatMap((name) => pairs.get(name) ?? [])
  if (own.length === 0) throw new CertificateError(listener.name, 'no certificate of it can be used')
  const vouching = tls.clientCa === null ? null : authorities.get(tls.clientCa)
  if (vouching === undefined) throw new CertificateError(listener.name, `${tls.clientCa} cannot be used`)
  return listenerContexts(listener, tls, own, vouching)
}
