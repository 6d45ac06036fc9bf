import type { LdapSettings } from '../mail/login-settings.ts'
import { defaults } from './defaults.ts'
import type { Ldap } from './define-line.ts'
import { type Reading, read, unread } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { fileAt } from './validate-file.ts'
import { readHost } from './validate-host.ts'
import { isLoopback } from './validate-listeners.ts'
import { listOf, take, valueSpot, values } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { items } from './validate-rows.ts'
import { checkSecret } from './validate-secret.ts'

type Server = { readonly url: string; readonly host: string; readonly secure: boolean }

/** A directory. A password goes to it over TLS, or stays on this machine. */
export function ldap(report: Report, written: Ldap, path: DocPath): LdapSettings {
  const { addresses, ca } = written
  return {
    kind: 'ldap',
    ...ldapServers(report, written, path),
    ca: ca === undefined ? null : fileAt(report, ca, [...path, 'ca']),
    find: findOf(report, written, path),
    addresses:
      addresses === undefined
        ? null
        : take(report, 'MG1327', valueSpot([...path, 'addresses']), readAttribute(addresses)),
    connections: written.connections ?? defaults.credentials.ldap.connections,
  }
}

export function ldapServers(
  report: Report,
  written: Pick<Ldap, 'urls' | 'startTls'>,
  path: DocPath,
): Pick<LdapSettings, 'urls' | 'startTls'> {
  const itself = ({ url }: Server) => url
  const urls = listOf(report, items(report, written.urls, [...path, 'urls'], 'url'), 'MG1326', readServer, itself)
  const clear = urls.filter(({ value }) => !value.secure)
  const away = clear.find(({ value }) => !isLoopback(value.host))
  const startTls = written.startTls ?? away !== undefined
  if (away !== undefined && !startTls) {
    report.error('MG1617', away.spot, `expected startTls or ldaps: outside of a loopback, got ${away.value.url}`)
  }
  if (written.startTls === true && clear.length === 0 && urls.length > 0) {
    const spot: Spot = { kind: 'key', path: [...path, 'startTls'] }
    report.error('MG1209', spot, 'has no effect: ldaps: is encrypted from the first octet')
  }
  return { urls: values(urls).map(itself), startTls }
}

function findOf(report: Report, { dn, search }: Ldap, path: DocPath): LdapSettings['find'] {
  if ((dn === undefined) === (search === undefined)) {
    const got = dn === undefined ? 'neither' : 'both'
    const spot: Spot = { kind: 'key', path: dn === undefined ? path : [...path, 'search'] }
    report.error('MG1323', spot, `expected either dn or search, got ${got}`)
  }
  if (search === undefined) {
    const text = dn ?? ''
    const spot = valueSpot([...path, 'dn'])
    return { kind: 'dn', dn: dn === undefined ? '' : (take(report, 'MG1327', spot, readDn(text, true)) ?? '') }
  }
  const at = [...path, 'search']
  const { base, filter, scope, bind } = search
  if (bind !== undefined) {
    take(report, 'MG1327', valueSpot([...at, 'bind', 'dn']), readDn(bind.dn, false))
    checkSecret(report, bind.password, [...at, 'bind', 'password'])
  }
  return {
    kind: 'search',
    base: take(report, 'MG1327', valueSpot([...at, 'base']), readDn(base, false)) ?? '',
    filter: take(report, 'MG1327', valueSpot([...at, 'filter']), readFilter(filter, [placeholder])) ?? '',
    scope: scope ?? defaults.credentials.ldap.scope,
    bind: bind === undefined ? null : { dn: bind.dn, password: { $secret: bind.password.$secret } },
  }
}

/** `ldap://host`, `ldaps://host:port`, with nothing behind. */
function readServer(text: string): Reading<Server> {
  const expected = "a server, such as 'ldaps://ldap.corp.example' or 'ldap://127.0.0.1:389'"
  const [, scheme = '', rest = ''] = /^(ldaps?):\/\/([^/@]+)\/?$/.exec(text) ?? []
  if (scheme === '') {
    // A text with a user in it holds perhaps a password: it is not repeated.
    return text.includes('@')
      ? { ok: false, error: `expected ${expected}, got a text with "@"`, hint: 'a login belongs into search.bind' }
      : unread(expected, text)
  }
  const host = readHost(rest, scheme === 'ldaps' ? 636 : 389)
  if (!host.ok) return unread(expected, text, host.hint)
  const { value } = host
  const shown = value.host.includes(':') ? `[${value.host}]` : value.host
  return read({ url: `${scheme}://${shown}:${value.port}`, host: value.host, secure: scheme === 'ldaps' })
}

const placeholder = '{login}'

/** The string of a DN (RFC 4514): attributes and values divided by commas. */
export function readDn(text: string, withLogin: boolean): Reading<string> {
  const expected = withLogin
    ? "a DN with {login} in it, such as 'uid={login},ou=people,dc=corp,dc=example'"
    : "a DN, such as 'ou=people,dc=corp,dc=example'"
  const attribute = /^\s*[A-Za-z0-9][A-Za-z0-9.-]*=(?:[^,\\]|\\.)+$/
  const parts = text.match(/(?:[^,\\]|\\.)+/g) ?? []
  const isDn = parts.join(',') === text && parts.every((part) => attribute.test(part)) && !/[\x00-\x1f\x7f]/.test(text)
  const times = text.split(placeholder).length - 1
  return isDn && (withLogin ? times > 0 : times === 0) && text.length <= 1000 ? read(text) : unread(expected, text)
}

/** Its parentheses must pair; the server says the rest. One of the placeholders is in it. */
export function readFilter(text: string, placeholders: readonly string[]): Reading<string> {
  const [first = ''] = placeholders
  const expected = `a filter with ${placeholders.join(' or ')} in it, such as '(mail=${first})'`
  let depth = 0
  for (const [i, char] of [...text].entries()) {
    if (char === '(') depth++
    else if (char === ')') depth--
    if (depth < 0 || (depth === 0 && i < text.length - 1)) return unread(expected, text)
  }
  const isFilter = depth === 0 && /^\([^\x00-\x1f\x7f]{2,999}$/.test(text)
  return isFilter && placeholders.some((one) => text.includes(`=${one}`)) ? read(text) : unread(expected, text)
}

function readAttribute(text: string): Reading<string> {
  return /^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(text) ? read(text) : unread("an attribute, such as 'mail'", text)
}
