import { createHash } from 'node:crypto'
import type { CredentialSettings } from '../mail/login-settings.ts'
import { assertNever } from '../mail/result.ts'
import type { SecretRef } from '../mail/settings.ts'

/** All secrets that a back-end needs, to be resolved before it is opened. */
export function secretsOf(settings: CredentialSettings): readonly SecretRef[] {
  switch (settings.kind) {
    case 'users':
    case 'file':
      return given(settings.cramKey)
    case 'ldap':
      return settings.find.kind === 'search' ? given(settings.find.bind?.password ?? null) : []
    case 'radius':
      return [settings.secret]
    case 'http':
      return given(settings.header?.value ?? null)
    case 'exec':
      return []
    case 'oauth':
      return settings.check.kind === 'introspection' ? given(settings.check.client?.secret ?? null) : []
    default:
      return assertNever(settings)
  }
}

const given = (ref: SecretRef | null): readonly SecretRef[] => (ref === null ? [] : [ref])

/** Gives the value of a secret of the document. */
export type SecretValue = (ref: SecretRef) => string

export const secretsFrom =
  (secrets: ReadonlyMap<string, string>): SecretValue =>
  ({ $secret }) => {
    const value = secrets.get($secret)
    if (value === undefined) throw new Error(`${$secret} was not resolved when the graph was made ready`)
    return value
  }

/** The same for settings and secrets that are the same: an apply leaves such a back-end as it is. */
export function settingsKey(settings: CredentialSettings, secret: SecretValue): string {
  const values = secretsOf(settings).map(secret)
  return createHash('sha256')
    .update(JSON.stringify([settings, values]))
    .digest('base64')
}
