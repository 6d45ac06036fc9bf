import { passwordMechanisms } from '../mail/relay-login.ts'
import type { RelaySettings } from '../mail/settings.ts'
import { type Check, line, listOf, oneOf, record, ShapeError, text } from './shape.ts'

/** The shapes of how a relay is logged in to. */

const secret = record({ $secret: text(/^(?:env|file|exec):[^\x00-\x1f]{1,4000}$/, 'a reference to a secret') })
const file = text(/^\/[^\x00-\x1f\x7f]{1,4000}$/, 'an absolute path')
const word = text(/^[!-~]{1,500}$/, 'a text without blanks')

const byPassword = record(
  { user: line, pass: secret },
  { mechanisms: listOf(oneOf(...passwordMechanisms), passwordMechanisms.length) },
)

/** A gateway does not take the compiler's word for it: secrets go there. */
const tokenUrl: Check = (value, where) => {
  const url = typeof value === 'string' && value.length < 2000 && URL.canParse(value) ? new URL(value) : null
  const isOurs = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url?.hostname ?? '')
  if (url === null || !(url.protocol === 'https:' || (url.protocol === 'http:' && isOurs)) || url.username !== '') {
    throw new ShapeError(where, 'an https URL', value)
  }
}

const clients: readonly Check[] = [
  record({ id: word, secret }),
  record({ id: word, key: secret }, { keyId: word }),
  record({ id: word, public: oneOf(true) }),
]
const clientOf: Check = (value, where) => {
  const has = (key: string) => typeof value === 'object' && value !== null && Object.hasOwn(value, key)
  clients[has('key') ? 1 : has('public') ? 2 : 0]!(value, where)
}

const common = {
  tokenUrl,
  scopes: listOf(word, 100),
  kind: oneOf('client-credentials', 'refresh-token', 'service-account'),
}
const grants = new Map<unknown, Check>([
  ['client-credentials', record({ ...common, client: clientOf }, { ca: file })],
  ['refresh-token', record({ ...common, client: clientOf, refreshToken: secret }, { ca: file })],
  ['service-account', record({ ...common, account: secret }, { ca: file, subject: word })],
])
const grant: Check = (value, where) => {
  const check = grants.get((value as { kind?: unknown } | null)?.kind)
  if (check === undefined) throw new ShapeError(where, `a kind of grant (${[...grants.keys()].join(', ')})`, value)
  check(value, where)
}
const byToken = record({ user: line, oauth: grant })

export const relayLogin: Check = (value, where) => {
  const isToken = typeof value === 'object' && value !== null && Object.hasOwn(value, 'oauth')
  ;(isToken ? byToken : byPassword)(value, where)
}

/** What the shapes alone do not say. */
export function checkRelay({ name, hosts, tls, auth, implicitTls }: RelaySettings, where: string): void {
  if (hosts.length === 0) throw new ShapeError(where, `a host for ${name}`, hosts)
  if (implicitTls === true && (tls === 'off' || tls === 'may')) {
    throw new ShapeError(`${where}.tls`, `encrypt or verify for ${name}, which has implicitTls`, tls)
  }
  if (auth === null || !('oauth' in auth)) return
  const { oauth } = auth
  if (oauth.kind === 'client-credentials' && 'public' in oauth.client) {
    throw new ShapeError(`${where}.auth.oauth.client`, `a secret or a key for ${name}`, 'public')
  }
}
