import { onTestFinished } from 'vitest'
import type { LoginContext } from '../../src/credentials/authenticator.ts'
import { type AuthenticatorParts, openAuthenticator } from '../../src/credentials/open-authenticator.ts'
import { systemClock } from '../../src/mail/clock.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import type { Log, LogFields } from '../../src/mail/log.ts'
import type { CredentialSettings } from '../../src/mail/login-settings.ts'

export type Line = { readonly level: string; readonly event: string; readonly fields: LogFields }

/** A log that keeps its lines. */
export function keptLog(): { readonly log: Log; readonly lines: Line[] } {
  const lines: Line[] = []
  const at =
    (level: string) =>
    (event: string, fields: LogFields = {}) =>
      void lines.push({ level, event, fields })
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, lines }
}

export const context: LoginContext = {
  client: '192.0.2.7' as IpAddress,
  listener: 'submission',
  tls: true,
  channelBinding: null,
}

/** What every back-end has unless a test says otherwise. */
export const usual = { id: 'one', timeoutMs: 5000, onError: 'defer', cacheMs: 0 } as const

/** An authenticator over these back-ends. Closed with the test. */
export function authenticatorOf(
  settings: readonly CredentialSettings[],
  secrets: Readonly<Record<string, string>> = {},
  parts: Partial<AuthenticatorParts> = {},
) {
  const { log, lines } = keptLog()
  const authenticator = openAuthenticator({
    clock: systemClock,
    log,
    lookUp: async (host) => {
      throw new Error(`${host} was looked up`)
    },
    hostname: () => 'gw.example.test',
    decoySecret: Buffer.alloc(32, 7),
    ...parts,
  })
  onTestFinished(() => authenticator.close())
  authenticator.replace(settings, new Map(Object.entries(secrets)))
  return { authenticator, lines }
}
