import type { CredentialSettings, HostPort } from '../mail/settings.ts'
import { defaults } from './defaults.ts'
import type { Many } from './define.ts'
import type { Credential } from './define-line.ts'
import { type Reading, read, unread } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { fileAt } from './validate-file.ts'
import { isLoopback } from './validate-listeners.ts'
import { hostsAt, take, valueSpot, values } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { items } from './validate-rows.ts'
import { checkSecret } from './validate-secret.ts'

type Of<Kind extends CredentialSettings['kind']> = Omit<
  Extract<CredentialSettings, { readonly kind: Kind }>,
  'id' | 'timeoutMs' | 'onError' | 'cacheMs'
>

/** Servers that are asked about a login, and the program that is. */
export function radius(report: Report, written: Exclude<Credential['radius'], undefined>, path: DocPath): Of<'radius'> {
  checkSecret(report, written.secret, [...path, 'secret'])
  const { nasIdentifier } = written
  const placed = hostsAt(report, written.servers, [...path, 'servers'], defaults.credentials.radius.port)
  if (nasIdentifier !== undefined && !/^[!-~]{1,253}$/.test(nasIdentifier)) {
    report.error(
      'MG1313',
      valueSpot([...path, 'nasIdentifier']),
      'expected 1 to 253 printable characters without blanks',
    )
  }
  return {
    kind: 'radius',
    servers: values(placed) satisfies HostPort[],
    secret: { $secret: written.secret.$secret },
    nasIdentifier: nasIdentifier ?? null,
    attempts: written.attempts ?? defaults.credentials.radius.attempts,
  }
}

export function http(report: Report, written: Exclude<Credential['http'], undefined>, path: DocPath): Of<'http'> {
  const { header, ca } = written
  if (header !== undefined) {
    if (!/^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(header.name) || reserved.has(header.name.toLowerCase())) {
      const message = `expected the name of a header that is not part of each request, got ${JSON.stringify(header.name)}`
      report.error('MG1313', valueSpot([...path, 'header', 'name']), message)
    }
    checkSecret(report, header.value, [...path, 'header', 'value'])
  }
  return {
    kind: 'http',
    url: urlAt(report, written.url, [...path, 'url']),
    header: header === undefined ? null : { name: header.name, value: { $secret: header.value.$secret } },
    ca: ca === undefined ? null : fileAt(report, ca, [...path, 'ca']),
  }
}

/** Headers that a request has of its own: two of one would be read in two ways. */
const reserved = new Set(['host', 'content-length', 'content-type', 'transfer-encoding', 'connection', 'te', 'upgrade'])

export function exec(report: Report, written: Many<string>, path: DocPath): Of<'exec'> {
  const argv = items(report, written, path, 'argument')
  const [program] = argv
  if (program !== undefined && !/^\/[^\x00-\x1f\x7f]+$/.test(program.text)) {
    const hint = /\s/.test(program.text) ? 'arguments are texts of their own: no shell divides them' : null
    report.error(
      'MG1322',
      program.spot,
      `expected the absolute path of a program, got ${JSON.stringify(program.text)}`,
      {
        hint,
      },
    )
  }
  for (const { text, spot } of argv) {
    if (text.includes('\0')) report.error('MG1313', spot, 'expected an argument without NUL')
  }
  return { kind: 'exec', argv: argv.map(({ text }) => text) }
}

/** A URL that credentials are sent to: over TLS, or to this machine. */
export function urlAt(report: Report, text: string, path: DocPath): string {
  const spot: Spot = valueSpot(path)
  const url = take(report, 'MG1326', spot, readUrl(text))
  if (url === null) return ''
  if (url.protocol === 'http:' && !isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1'))) {
    report.error('MG1617', spot, `expected https: where credentials are sent, got ${JSON.stringify(text)}`)
  }
  return url.href
}

function readUrl(text: string): Reading<URL> {
  const expected = "a URL, such as 'https://login.corp.example/check'"
  const url = URL.canParse(text) ? new URL(text) : null
  if (url !== null && (url.username !== '' || url.password !== '')) {
    // The text is not repeated: it holds a password.
    return {
      ok: false,
      error: `expected ${expected}, got one with a user in it`,
      hint: 'a secret belongs into a header',
    }
  }
  const isHttp = url !== null && /^https?:$/.test(url.protocol) && url.hash === ''
  return isHttp ? read(url) : unread(expected, text)
}
