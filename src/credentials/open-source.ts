import type { CredentialSettings } from '../mail/login-settings.ts'
import { assertNever } from '../mail/result.ts'
import type { SecretRef } from '../mail/settings.ts'
import type { SecretValue } from './credential-secrets.ts'
import { execSource } from './exec-source.ts'
import { httpSource } from './http-source.ts'
import { inlineUsers } from './inline-users.ts'
import { ldapSource } from './ldap/source.ts'
import { oauthSource } from './oauth/source.ts'
import { radiusSource } from './radius/source.ts'
import type { Source, SourceParts } from './source.ts'
import { userFile } from './user-file.ts'

/**
 * What the settings of a document stand for. Nothing is connected to before it is asked, and this cannot fail: it happens
 * when a graph is active already. What cannot be used says why when it is asked.
 */
export function openSource(settings: CredentialSettings, secret: SecretValue, parts: SourceParts): Source {
  try {
    return sourceOf(settings, secret, parts)
  } catch (error) {
    const why = (error as Error).message
    const fail = async (): Promise<never> => {
      throw new Error(why)
    }
    return { checkPassword: fail, checkToken: fail, close: async () => {} }
  }
}

function sourceOf(settings: CredentialSettings, secret: SecretValue, parts: SourceParts): Source {
  switch (settings.kind) {
    case 'users':
      return inlineUsers({ users: settings.users, secret: given(settings.cramKey, secret), checks: parts.checks })
    case 'file': {
      const { path, cramKey } = settings
      return userFile({ path, secret: given(cramKey, secret), checks: parts.checks, log: parts.log })
    }
    case 'ldap':
      return ldapSource(settings, secret, parts)
    case 'radius':
      return radiusSource(settings, secret, parts)
    case 'http':
      return httpSource(settings, secret, parts)
    case 'exec':
      return execSource(settings)
    case 'oauth':
      return oauthSource(settings, secret, parts)
    default:
      return assertNever(settings)
  }
}

const given = (ref: SecretRef | null, secret: SecretValue): string | null => (ref === null ? null : secret(ref))
