import { createHash } from 'node:crypto'
import type { Clock } from '../../mail/clock.ts'
import type { Log } from '../../mail/log.ts'
import { keyOfLogin, type OauthGrant, secretsOfLogin, wholeName } from '../../mail/relay-login.ts'
import type { RelaySettings } from '../../mail/settings.ts'
import type { TokenHealth } from '../../mail/token-health.ts'
import { NoCredentials } from '../auth/credentials.ts'
import { type RefreshStore, type TokenEndpoint, tokenFetcher } from './fetch-token.ts'
import { grantRequest } from './grant-request.ts'
import { TokenKeeper } from './token-keeper.ts'

/** Access tokens for relays, as who logs in asks for them. */
export type Tokens = {
  /** One that is good for a while yet. @throws NoCredentials with the reason, when there is none and none to be had now */
  token(grant: OauthGrant): Promise<string>
  /** A host refused it with 535. True: another one is worth a try at once. */
  refused(relay: string, grant: OauthGrant, token: string): boolean
  /** A host took one. */
  accepted(relay: string, grant: OauthGrant): void
}

export type OpenTokens = Tokens & {
  /**
   * The relays of a graph, with its secrets. Tokens of grants that stay as they are, their secrets too, are kept; new ones
   * are fetched at once, before there is mail for them; the others are forgotten.
   */
  take(relays: readonly RelaySettings[], secrets: ReadonlyMap<string, string>): void
  /** Fetches the token of a relay anew: what is wrong, or `null`. `undefined`: the relay has none. */
  renew(relay: string): Promise<string | null | undefined>
  health(): readonly TokenHealth[]
  close(): void
}

export type TokensParts = {
  readonly endpoint: (grant: OauthGrant) => TokenEndpoint
  /** Where a refresh token is kept that came in place of the one called `name`. */
  readonly store: (name: string) => RefreshStore
  readonly clock: Clock
  readonly log: Log
  /** From 0 to below 1. */
  readonly random: () => number
  /** A name that is never given twice. */
  readonly id: () => string
  /** These relays have a token again, after there was none. */
  readonly onBack: (relays: readonly string[]) => void
}

type Kept = { readonly name: string; readonly keeper: TokenKeeper; readonly endpoint: TokenEndpoint }

/** One keeper for each grant: relays that log in to several mailboxes by one application share its token. */
export function openTokens(parts: TokensParts): OpenTokens {
  const { clock, log, random, id } = parts
  let kept = new Map<string, Kept>()

  function open(grant: OauthGrant, name: string, secrets: ReadonlyMap<string, string>): Kept {
    const provider = new URL(grant.tokenUrl).host
    const request = grantRequest(grant, { secrets, id })
    // A graph whose keys are none was refused before it came here (`checkGrant`).
    if (!request.ok) throw new Error(request.error)
    const endpoint = parts.endpoint(grant)
    const store = grant.kind === 'refresh-token' ? parts.store(name) : null
    const fetch = tokenFetcher({ grant, request: request.value, endpoint, store, clock, log })
    const onBack = () => parts.onBack(keeper.relays)
    const keeper = new TokenKeeper({ grant: grant.kind, provider, fetch, clock, log, random, onBack })
    return { name, keeper, endpoint }
  }

  const found = (grant: OauthGrant): TokenKeeper | undefined => kept.get(textOf(grant))?.keeper

  return {
    async token(grant) {
      const keeper = found(grant)
      if (keeper === undefined)
        throw new NoCredentials('4.7.0', 'no access token: the relay is no more in the document')
      return await keeper.token()
    },
    refused: (relay, grant, token) => found(grant)?.refused(relay, token) ?? false,
    accepted: (relay, grant) => found(grant)?.accepted(relay),
    take(relays, secrets) {
      const next = new Map<string, Kept>()
      const users = new Map<string, string[]>()
      for (const { name, auth } of relays) {
        if (auth === null || !('oauth' in auth)) continue
        const { oauth } = auth
        const text = textOf(oauth)
        users.set(text, [...(users.get(text) ?? []), name])
        if (next.has(text)) continue
        const known = kept.get(text)
        const wanted = nameOf(oauth, secrets)
        next.set(text, known?.name === wanted ? known : open(oauth, wanted, secrets))
      }
      const before = new Set(kept.values())
      kept = next
      for (const [text, one] of next) {
        one.keeper.relays = users.get(text)!.sort()
        if (!before.delete(one)) void one.keeper.renew()
      }
      for (const { keeper, endpoint } of before) {
        keeper.close()
        endpoint.close()
      }
    },
    async renew(relay) {
      const one = [...kept.values()].find(({ keeper }) => keeper.relays.includes(relay))
      return one === undefined ? undefined : await one.keeper.renew()
    },
    health: () => [...kept.values()].map(({ keeper }) => keeper.health()),
    close() {
      for (const { keeper, endpoint } of kept.values()) {
        keeper.close()
        endpoint.close()
      }
      kept = new Map()
    },
  }
}

const textOf = (grant: OauthGrant): string => JSON.stringify(grant)

/** The same for a grant and secrets that are the same. It is a file name too, so it is no text from the document. */
function nameOf(grant: OauthGrant, secrets: ReadonlyMap<string, string>): string {
  const login = { user: '', oauth: grant }
  const key = keyOfLogin(login)
  const values = [
    ...secretsOfLogin(login).map(({ $secret }) => secrets.get($secret)),
    ...(key === null ? [] : [secrets.get(wholeName(key))]),
  ]
  return createHash('sha256')
    .update(JSON.stringify([grant, values]))
    .digest('hex')
}
