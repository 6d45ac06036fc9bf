import type { LineSettings, ListenerTls } from '../mail/settings.ts'
import { defaults } from './defaults.ts'
import type { Listener } from './define.ts'
import type { Line } from './define-line.ts'
import { type Reading, read, unread } from './patterns.ts'
import type { DocPath } from './positions.ts'
import type { Certificates } from './validate-certificates.ts'
import { claimants } from './validate-claimants.ts'
import type { CredentialKinds } from './validate-credentials.ts'
import { fileAt } from './validate-file.ts'
import { loginOf } from './validate-login.ts'
import { manners } from './validate-manners.ts'
import { durationAt, take, valueSpot } from './validate-read.ts'
import type { Report } from './validate-report.ts'

/** What the rest of the document has for a line. */
export type LineContext = { readonly certificates: Certificates; readonly credentials: CredentialKinds }

/** The line of a listener. What is as it is without a word is left out: the graph keeps its name. */
export function line(report: Report, listener: Listener, path: DocPath, context: LineContext): LineSettings {
  const sound = (key: keyof Line) => listener[key] !== undefined && report.sound([...path, key])
  const tls = sound('tls') ? tlsOf(report, listener.tls!, [...path, 'tls'], context.certificates) : null
  const login = sound('login') ? loginOf(report, listener, path, context.credentials) : null
  const proxy = sound('proxy') ? proxyOf(report, listener.proxy!, [...path, 'proxy']) : null
  const xclient = sound('xclient')
    ? claimants(report, listener.xclient, [...path, 'xclient'], 'anybody could claim to be any client')
    : null
  return {
    ...(tls === null ? {} : { tls }),
    ...(login === null ? {} : { login }),
    ...(proxy === null ? {} : { proxy }),
    ...(xclient === null ? {} : { xclient }),
    ...manners(report, listener, path),
  }
}

function tlsOf(
  report: Report,
  written: Exclude<Line['tls'], undefined>,
  path: DocPath,
  certificates: Certificates,
): ListenerTls | null {
  if (written === 'off') return null
  const object = typeof written === 'object' ? written : { mode: written }
  const { mode, minVersion = defaults.tls.minVersion, ciphers, clientCa } = object
  if (ciphers !== undefined && minVersion === 'TLSv1.3') {
    const spot = { kind: 'key', path: [...path, 'ciphers'] } as const
    report.error('MG1209', spot, 'has no effect with minVersion TLSv1.3: the ciphers of TLS 1.3 are fixed')
  }
  return {
    mode,
    certificates: certificates.of(report, written, path),
    minVersion,
    ciphers:
      ciphers === undefined ? null : take(report, 'MG1329', valueSpot([...path, 'ciphers']), readCiphers(ciphers)),
    clientCa: clientCa === undefined ? null : fileAt(report, clientCa, [...path, 'clientCa']),
  }
}

/** Words of OpenSSL that let in what encrypts nothing, or nothing that lasts, unless `!` or `-` stands before them. */
const weak =
  /^(?:ALL|COMPLEMENTOFALL|COMPLEMENTOFDEFAULT|LOW|EXP(?:ORT)?\d*|[ae]?NULL|ADH|AECDH|RC[24]|3?DES|MD5|SSLv[23])$/

/** The gateway's own OpenSSL has the last word, when a graph is made ready. */
function readCiphers(text: string): Reading<string> {
  const expected = "a list of ciphers as OpenSSL writes it, such as 'ECDHE+AESGCM:ECDHE+CHACHA20'"
  if (!/^[A-Za-z0-9_+:!@=.-]{1,500}$/.test(text)) return unread(expected, text)
  const found = text
    .split(':')
    .filter((word) => !/^[!-]/.test(word))
    .flatMap((word) => word.split('+'))
    .find((word) => weak.test(word))
  return found === undefined
    ? read(text)
    : unread(`${expected}, without weak ones`, text, `"${found}" lets in weak ones`)
}

function proxyOf(
  report: Report,
  { from, timeout }: Exclude<Line['proxy'], undefined>,
  path: DocPath,
): NonNullable<LineSettings['proxy']> {
  return {
    from: claimants(report, from, [...path, 'from'], 'anybody could claim to come from any address'),
    timeoutMs: durationAt(report, timeout ?? defaults.listener.proxyTimeout, valueSpot([...path, 'timeout'])) ?? 1000,
  }
}
