import { createHash } from 'node:crypto'
import { type SecretValue, secretsFrom } from '../../credentials/credential-secrets.ts'
import type { LookUp } from '../../credentials/source.ts'
import { coveringPatterns, mailboxKey } from '../../graph/pattern.ts'
import type { Clock } from '../../mail/clock.ts'
import type { Mailbox } from '../../mail/path.ts'
import { type RecipientCheckSettings, secretsOfCheck } from '../../mail/recipient-check.ts'
import type { RecipientAnswer, RecipientOperations, RememberedRecipient } from '../../mail/recipient-view.ts'
import { assertNever } from '../../mail/result.ts'
import { AskedCheck } from './asked-check.ts'
import type { Asker } from './asker.ts'
import { type CalloutParts, calloutAsker } from './callout-asker.ts'
import { httpAsker } from './http-asker.ts'
import { ldapAsker } from './ldap-asker.ts'

export type RecipientParts = CalloutParts & { readonly clock: Clock; readonly lookUp: LookUp }

/** All checks of the active graph. It begins with none; `replace` brings them. */
export type RecipientChecks = Omit<RecipientOperations, 'sizes'> & {
  /** A check that is not there any more cannot tell. */
  ask(id: string, mailbox: Mailbox): RecipientAnswer | Promise<RecipientAnswer>
  /** Those that a graph has in common with the one before keep what they know. */
  replace(settings: readonly RecipientCheckSettings[], secrets: ReadonlyMap<string, string>): void
  close(): void
}

export function recipientChecks(parts: RecipientParts): RecipientChecks {
  const { clock, log } = parts
  let checks = new Map<string, { readonly key: string; readonly asked: AskedCheck }>()

  const checkOf = (mailbox: Mailbox): AskedCheck | null => {
    const patterns = coveringPatterns(mailbox.domain)
    for (const pattern of patterns)
      for (const { asked } of checks.values()) if (asked.settings.domains.includes(pattern)) return asked
    return null
  }

  return {
    ask(id, mailbox) {
      const check = checks.get(id)
      if (check !== undefined) return check.asked.ask(mailbox)
      return { kind: 'error', reason: `there is no check ${id} any more`, remembered: null }
    },
    async verify(mailbox) {
      const check = checkOf(mailbox)
      if (check === null) return null
      const steps: string[] = []
      const answer = await check.askNow(mailbox, (step) => steps.push(step))
      return { check: check.settings.id, steps, answer }
    },
    checks: () =>
      [...checks.values()].map(({ asked, asked: { settings, health, memory } }) => ({
        id: settings.id,
        kind: settings.kind,
        domains: settings.domains.length,
        state: health.state,
        since: health.since,
        lastError: health.lastError,
        remembered: memory.size,
        notes: asked.notes(),
        answers: { ...health.counts },
      })),
    cache({ mailbox, domain, limit }) {
      const now = clock.now()
      const rows: RememberedRecipient[] = []
      for (const { asked } of checks.values()) {
        const { id } = asked.settings
        const of =
          mailbox === null ? asked.memory.list() : [asked.memory.get(mailboxKey(mailbox))].flatMap((one) => one ?? [])
        for (const one of of) {
          if (domain === null || one.domain === domain) rows.push({ check: id, isFresh: now < one.until, ...one })
        }
      }
      return rows.sort((a, b) => b.askedAt - a.askedAt).slice(0, limit)
    },
    flush(which) {
      let count = 0
      for (const { asked } of checks.values()) count += asked.forget(which)
      return count
    },
    replace(settings, secrets) {
      const secret = secretsFrom(secrets)
      const before = checks
      checks = new Map()
      for (const one of settings) {
        const key = settingsKey(one, secret)
        const kept = before.get(one.id)
        if (kept?.key === key) checks.set(one.id, kept)
        else checks.set(one.id, { key, asked: new AskedCheck(one, askerOf(one, secret, parts), { clock, log }) })
      }
      for (const [id, { asked }] of before) if (checks.get(id)?.asked !== asked) asked.close()
    },
    close() {
      for (const { asked } of checks.values()) asked.close()
      checks.clear()
    },
  }
}

function askerOf(settings: RecipientCheckSettings, secret: SecretValue, parts: RecipientParts): Asker {
  switch (settings.kind) {
    case 'ldap':
      return ldapAsker(settings, secret, parts)
    case 'http':
      return httpAsker(settings, secret, parts.lookUp)
    case 'callout':
      return calloutAsker(settings, parts)
    default:
      return assertNever(settings)
  }
}

/** The same for settings and secrets that are the same. */
function settingsKey(settings: RecipientCheckSettings, secret: SecretValue): string {
  const values = secretsOfCheck(settings).map(secret)
  return createHash('sha256')
    .update(JSON.stringify([settings, values]))
    .digest('base64')
}
