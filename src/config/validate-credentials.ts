import { hashKindOf } from '../mail/password-hash.ts'
import { assertNever } from '../mail/result.ts'
import type { CredentialSettings, Mechanism } from '../mail/settings.ts'
import { defaults } from './defaults.ts'
import type { Credential } from './define-line.ts'
import type { DocPath } from './positions.ts'
import { fileAt } from './validate-file.ts'
import { ldap } from './validate-ldap.ts'
import { exec, http, radius } from './validate-login-server.ts'
import { oauth } from './validate-oauth.ts'
import { atOf, durationAt, nameAt, twice, valueSpot } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { tellEmpty } from './validate-rows.ts'
import { checkSecret } from './validate-secret.ts'
import { users } from './validate-users.ts'

export type CredentialEntry = CredentialSettings & { readonly at: string }

/** What can be done with the credentials of a document, for listeners that ask for a login. */
export type CredentialKinds = {
  readonly list: readonly CredentialEntry[]
  readonly any: boolean
  /** False when some could not be read: nothing is concluded then. */
  readonly complete: boolean
  /** Who can use a mechanism: every login, some of them, or nobody. */
  serves(mechanism: Mechanism): 'all' | 'some' | 'nobody'
  /** Those that every login can use, or that are for tokens alone. */
  mechanisms(encrypted: boolean): readonly Mechanism[]
  /** A listener asks for them. */
  use(): void
  tellUnused(report: Report): void
}

const kinds = ['users', 'file', 'ldap', 'radius', 'http', 'exec', 'oauth'] as const

export function credentials(report: Report, section: unknown): CredentialKinds {
  const list: CredentialEntry[] = []
  const written: readonly Credential[] = Array.isArray(section) ? section : []
  const ids = new Map<string, Spot>()
  let complete = report.sound(['credentials'])
  if (complete && section !== undefined && written.length === 0) tellEmpty(report, ['credentials'])
  for (const [i, credential] of written.entries()) {
    const path = ['credentials', i]
    const entry = report.sound(path) ? entryOf(report, credential, path, ids) : null
    if (entry === null) complete = false
    else list.push(entry)
  }
  let used = false
  const serves = (mechanism: Mechanism) => servedBy(list, mechanism)
  return {
    list,
    any: written.length > 0 || !complete,
    complete,
    serves,
    mechanisms: (encrypted) =>
      usual.filter((name) => {
        if (name === 'SCRAM-SHA-256-PLUS' && !encrypted) return false
        const served = serves(name)
        return isScram(name) ? served === 'all' : served !== 'nobody'
      }),
    use() {
      used = true
    },
    tellUnused(report) {
      if (used || list.length === 0) return
      report.warning('MG1415', { kind: 'key', path: ['credentials'] }, 'no listener asks for a login', {
        hint: "such as listeners: { users: { ..., tls: 'required', login: 'required' } }",
      })
    },
  }
}

/** The strongest first: a client takes the first that it knows. */
const usual = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'OAUTHBEARER', 'XOAUTH2', 'PLAIN', 'LOGIN'] as const

const isScram = (name: Mechanism): boolean => name.startsWith('SCRAM')

function servedBy(list: readonly CredentialEntry[], mechanism: Mechanism): 'all' | 'some' | 'nobody' {
  const tokens = mechanism === 'OAUTHBEARER' || mechanism === 'XOAUTH2'
  const concerned = list.filter(({ kind }) => (kind === 'oauth') === tokens)
  const answers = concerned.map((entry) => (tokens ? 'all' : passwordServes(entry, mechanism)))
  if (answers.length === 0 || answers.every((answer) => answer === 'nobody')) return 'nobody'
  return answers.every((answer) => answer === 'all') ? 'all' : 'some'
}

/** What is in a file of users, nobody knows here. */
function passwordServes(entry: CredentialEntry, mechanism: Mechanism): 'all' | 'some' | 'nobody' {
  if (mechanism === 'PLAIN' || mechanism === 'LOGIN') return 'all'
  if (entry.kind !== 'users' && entry.kind !== 'file') return 'nobody'
  if (mechanism === 'CRAM-MD5' && entry.cramKey === null) return 'nobody'
  if (entry.kind === 'file') return 'some'
  const able = entry.users.filter(({ hash, cram }) =>
    mechanism === 'CRAM-MD5' ? cram !== null : hash !== null && hashKindOf(hash) === 'scram-sha-256',
  )
  if (able.length === 0) return 'nobody'
  return able.length === entry.users.length ? 'all' : 'some'
}

function entryOf(
  report: Report,
  credential: Credential,
  path: DocPath,
  ids: Map<string, Spot>,
): CredentialEntry | null {
  const { id } = credential
  const idSpot = valueSpot([...path, 'id'])
  nameAt(report, id, idSpot)
  const first = ids.get(id)
  if (first === undefined) ids.set(id, idSpot)
  else twice(report, idSpot, id, first)
  report.place(atOf(path), valueSpot(path))

  const [kind, second] = kinds.filter((one) => credential[one] !== undefined)
  if (kind === undefined || second !== undefined) {
    const spot: Spot = second === undefined ? valueSpot(path) : { kind: 'key', path: [...path, second] }
    const got = second === undefined ? 'none of them' : `${kind} and ${second}`
    report.error('MG1323', spot, `expected one of ${kinds.join(', ')}, got ${got}`, {
      hint: second === undefined ? null : 'make it two entries of the list: they are asked in order',
    })
    return null
  }
  if (credential.cramKey !== undefined) {
    if (kind === 'users' || kind === 'file') checkSecret(report, credential.cramKey, [...path, 'cramKey'])
    else {
      const spot: Spot = { kind: 'key', path: [...path, 'cramKey'] }
      report.error('MG1209', spot, `has a meaning only beside users or file, got ${kind}`)
    }
  }
  const settings = kindOf(report, credential, kind, path)
  if (settings === null) return null
  const timeout = credential.timeout ?? defaults.credentials.timeout
  return {
    at: atOf(path),
    id,
    timeoutMs: durationAt(report, timeout, valueSpot([...path, 'timeout'])) ?? 1000,
    onError: credential.onError ?? defaults.credentials.onError,
    cacheMs: cacheOf(report, credential, kind, path),
    ...settings,
  }
}

function cacheOf(report: Report, { cache }: Credential, kind: (typeof kinds)[number], path: DocPath): number {
  const spot: Spot = { kind: 'key', path: [...path, 'cache'] }
  if (kind === 'users' || kind === 'file') {
    if (cache !== undefined) report.error('MG1209', spot, `has no effect beside ${kind}, which is never cached`)
    return 0
  }
  if (cache === 'off') return 0
  return durationAt(report, cache ?? defaults.credentials.cache, valueSpot([...path, 'cache'])) ?? 0
}

type Kind = CredentialSettings extends infer Settings
  ? Settings extends { readonly kind: string }
    ? Omit<Settings, 'id' | 'timeoutMs' | 'onError' | 'cacheMs'>
    : never
  : never

function kindOf(report: Report, credential: Credential, kind: (typeof kinds)[number], path: DocPath): Kind | null {
  const { cramKey } = credential
  const key = cramKey === undefined ? null : { $secret: cramKey.$secret }
  const at = [...path, kind]
  if (!report.sound(at)) return null
  switch (kind) {
    case 'users':
      return { kind, users: users(report, credential.users!, at, key !== null), cramKey: key }
    case 'file':
      return { kind, path: fileAt(report, credential.file!, at), cramKey: key }
    case 'ldap':
      return ldap(report, credential.ldap!, at)
    case 'radius':
      return radius(report, credential.radius!, at)
    case 'http':
      return http(report, credential.http!, at)
    case 'exec':
      return exec(report, credential.exec!, at)
    case 'oauth':
      return oauth(report, credential.oauth!, at)
    default:
      return assertNever(kind)
  }
}
