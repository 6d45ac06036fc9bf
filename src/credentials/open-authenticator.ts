import type { BackendHealth } from '../mail/backend-health.ts'
import type { CredentialSettings, Mechanism } from '../mail/login-settings.ts'
import { assertNever } from '../mail/result.ts'
import { type Answered, AskedBackend } from './asked-backend.ts'
import type { Authenticator, Checked } from './authenticator.ts'
import { secretsFrom, settingsKey } from './credential-secrets.ts'
import { LoginAddresses } from './login-addresses.ts'
import { openSource } from './open-source.ts'
import { PasswordChecks } from './passwords/checks.ts'
import { type RefusalCause, RefusalTime } from './refusal-time.ts'
import { decoyKeys } from './sasl/decoy.ts'
import type { SourceParts } from './source.ts'

/** All back-ends of one question together: a client waits for its answer, and a session holds memory while it does. */
const totalMs = 60_000
/** Longer ones are nobody's: each back-end would be asked with as much as a stranger likes to send. */
const maxLoginOctets = 255
const maxPasswordOctets = 1024
const maxTokenOctets = 16_384

export type OpenAuthenticator = Authenticator & {
  /** In the order in which they are asked. */
  health(): readonly BackendHealth[]
}

export type AuthenticatorParts = Omit<SourceParts, 'checks'> & {
  /** Of decoys for SCRAM; the same after a restart. */
  readonly decoySecret: Buffer
}

/** Who somebody is, over the back-ends of the active graph. It begins with none; `replace` brings them. */
export function openAuthenticator({ decoySecret, ...given }: AuthenticatorParts): OpenAuthenticator {
  const parts: SourceParts = { ...given, checks: new PasswordChecks() }
  const { clock, log } = parts
  let backends: readonly { readonly key: string; readonly asked: AskedBackend }[] = []
  const closing = new Set<Promise<void>>()
  const refusalTime = new RefusalTime(clock)
  const addresses = new LoginAddresses()

  type Ask = (one: AskedBackend, until: number) => Promise<Answered>

  /** Asks one after the other until somebody knows. Who cannot tell ends it, unless the document passes on. */
  async function askAll(ask: Ask): Promise<{ checked: Checked; cause: RefusalCause; fresh: boolean }> {
    const until = clock.now() + totalMs
    let failed: Checked | null = null
    let fresh = true
    for (const { asked } of backends) {
      const answered = await ask(asked, until)
      const { found } = answered
      fresh = fresh && answered.fresh
      switch (found.kind) {
        case 'accepted': {
          // One account has one name, however a back-end writes it.
          const { login, addresses } = found
          return { checked: { kind: 'accepted', login: login.toLowerCase(), addresses }, cause: 'known', fresh }
        }
        case 'refused':
          return { checked: found, cause: 'known', fresh }
        case 'error':
          failed = { kind: 'error', why: `${asked.settings.id}: ${found.why}` }
          if (asked.settings.onError === 'defer') return { checked: failed, cause: 'known', fresh }
          break
        case 'unknown':
          break
        default:
          return assertNever(found)
      }
    }
    // Nobody knew the login, but one that could not be asked may.
    return { checked: failed ?? refused, cause: 'unknown', fresh }
  }

  async function check(ask: Ask): Promise<Checked> {
    const startedAt = clock.now()
    const { checked, cause, fresh } = await askAll(ask)
    if (checked.kind === 'error') return checked
    const tookMs = clock.now() - startedAt
    if (checked.kind === 'accepted') {
      refusalTime.accepted(tookMs)
      addresses.put(checked.login, checked.addresses)
      return checked
    }
    // What was remembered says nothing of how long it takes to find out.
    if (fresh) refusalTime.refused(cause, tookMs)
    await refusalTime.wait(startedAt)
    return checked
  }

  /** Looks something up in one back-end after the other. `null`: none of them has it. */
  async function findFirst<Value>(
    look: (one: AskedBackend) => Promise<Value | null> | null,
  ): Promise<{ readonly value: Value | null } | { readonly why: string }> {
    let why: string | null = null
    for (const { asked } of backends) {
      const looking = look(asked)
      if (looking === null) continue
      const found = await asked.lookUp(() => looking)
      if (!found.ok) {
        why = `${asked.settings.id}: ${found.error}`
        if (asked.settings.onError === 'defer') return { why }
      } else if (found.value !== null) return { value: found.value }
    }
    return why === null ? { value: null } : { why }
  }

  const some = (able: (one: AskedBackend) => boolean): boolean => backends.some(({ asked }) => able(asked))
  const canDo = (mechanism: Mechanism): boolean => {
    switch (mechanism) {
      case 'PLAIN':
      case 'LOGIN':
        return some(({ source }) => source.checkPassword !== undefined)
      case 'SCRAM-SHA-256':
      case 'SCRAM-SHA-256-PLUS':
        return some(({ settings }) => hasScram(settings))
      case 'OAUTHBEARER':
      case 'XOAUTH2':
        return some(({ source }) => source.checkToken !== undefined)
      case 'CRAM-MD5':
        return some(({ settings }) => 'cramKey' in settings && settings.cramKey !== null)
      default:
        return assertNever(mechanism)
    }
  }

  return {
    mechanisms: (tls, { login }) =>
      (login?.mechanisms ?? []).filter((one) => (tls || one !== 'SCRAM-SHA-256-PLUS') && canDo(one)),

    async checkPassword(login, password, context) {
      // An empty password is a bind as nobody for a directory, which grants it (RFC 4513 §5.1.2).
      if (!isAskable(login, maxLoginOctets) || !isAskable(password, maxPasswordOctets)) return refused
      return await check((one, until) => one.checkPassword(login, password, context, until))
    },

    async checkToken(token, loginHint, context) {
      if (!isAskable(token, maxTokenOctets)) return refused
      return await check((one, until) => one.checkToken(token, loginHint, context, until))
    },

    async scram(login) {
      const found = await findFirst(({ source }) => source.scram?.(login) ?? null)
      if ('why' in found) return { kind: 'error', why: found.why }
      if (found.value !== null) {
        addresses.put(found.value.login, found.value.addresses)
        return { kind: 'keys', keys: found.value, known: true }
      }
      const form = await findFirst(({ source }) => source.scramForm?.() ?? null)
      const like = 'value' in form ? form.value : null
      return { kind: 'keys', keys: decoyKeys(decoySecret, login, like), known: false }
    },

    async plainSecret(login) {
      const found = await findFirst(({ source }) => source.plainSecret?.(login) ?? null)
      if ('why' in found) return { kind: 'error', why: found.why }
      if (found.value !== null) addresses.put(found.value.login, found.value.addresses)
      return { kind: 'secret', secret: found.value }
    },

    addressesOf: (login) => addresses.get(login),

    replace(settings, secrets) {
      const secret = secretsFrom(secrets)
      const before = new Map(backends.map((one) => [one.key, one]))
      const next = settings.map((one: CredentialSettings) => {
        const key = settingsKey(one, secret)
        const kept = before.get(key)
        before.delete(key)
        return kept ?? { key, asked: new AskedBackend(one, openSource(one, secret, parts), parts) }
      })
      backends = next
      for (const { asked } of before.values()) retire(asked, false)
    },

    health: () => backends.map(({ asked }) => asked.health()),

    async close() {
      for (const { asked } of backends) retire(asked, true)
      backends = []
      await Promise.all(closing)
      await parts.checks.close()
    },
  }

  function retire(asked: AskedBackend, now: boolean): void {
    const closed = asked.close(now).catch((error: Error) => {
      log.warn('credentials.failing', { backend: asked.settings.id, why: `it does not close: ${error.message}` })
    })
    closing.add(closed)
    void closed.then(() => closing.delete(closed))
  }
}

const refused: Checked = { kind: 'refused' }

/** NUL would end a text for some back-ends, and not for others. */
const isAskable = (text: string, maxOctets: number): boolean =>
  text !== '' && !text.includes('\0') && Buffer.byteLength(text, 'utf8') <= maxOctets

/** Clients take the strongest that is offered, and fail where nobody has keys for it. Of a file nothing is known here. */
function hasScram(settings: CredentialSettings): boolean {
  if (settings.kind === 'file') return true
  return settings.kind === 'users' && settings.users.some(({ hash }) => hash?.startsWith('$scram-sha-256$'))
}
