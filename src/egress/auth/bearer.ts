import { type ClientExchange, say, stop } from './exchange.ts'

/** Who the token is shown to, for OAUTHBEARER. */
export type Shown = { readonly host: string; readonly port: number }

/** XOAUTH2, as Microsoft and Google define it. */
export const xoauth2 = (user: string, token: string): ClientExchange =>
  bearer(`user=${user}\x01auth=Bearer ${token}\x01\x01`, '')

/** OAUTHBEARER (RFC 7628 §3.1). */
export function oauthBearer(user: string, token: string, { host, port }: Shown): ClientExchange {
  const name = user.replaceAll('=', '=3D').replaceAll(',', '=2C')
  return bearer(`n,a=${name},\x01host=${host}\x01port=${port}\x01auth=Bearer ${token}\x01\x01`, '\x01')
}

/** A host that does not take the token says why in JSON, waits for `acknowledged`, and only then refuses (§3.2.3). */
function bearer(initial: string, acknowledged: string): ClientExchange {
  let told: string | null = null
  return {
    initial,
    answer(challenge) {
      if (told !== null) return stop('it asks for more than a token')
      told = reasonOf(challenge)
      return say(acknowledged)
    },
    unproved: () => (told === null ? null : `it says both that the token is bad (${told}) and that it is good`),
    told: () => told,
  }
}

/** `status` and `scope` of the JSON, in one line of printable characters: it goes into the log. */
function reasonOf(challenge: string): string {
  let value: unknown
  try {
    value = JSON.parse(challenge.slice(0, 4096))
  } catch {
    return 'no reason given'
  }
  if (typeof value !== 'object' || value === null) return 'no reason given'
  const said = new Map(Object.entries(value))
  const words = ['status', 'scope'].flatMap((key) => {
    const text = said.get(key)
    return typeof text === 'string' && text !== '' ? [`${key} ${text.replace(/[^!-~]+/g, ' ').slice(0, 100)}`] : []
  })
  return words.join(', ') || 'no reason given'
}
