import { ok, type Result, wrong } from './result.ts'

/** What people describe of a line, read as sessions know it. */

/** Logins are compared without case and in NFC, as local parts are. */
export const foldLogin = (login: string): string => login.toLowerCase().normalize('NFC')

export function parseLogin(text: string): Result<string> {
  if (text === '' || text.length > 254 || /[\p{C}\p{Z}]/u.test(text))
    return wrong(`expected a login, got ${JSON.stringify(text)}`)
  return ok(foldLogin(text))
}

/** The fingerprint of a certificate as `openssl x509 -fingerprint -sha256` prints it, with or without colons, in any case. */
export function parseFingerprint(text: string): Result<string> {
  const [, digits = ''] = /^sha256:([0-9a-f:]+)$/i.exec(text) ?? []
  const hex = digits.replaceAll(':', '').toLowerCase()
  if (hex.length === 64) return ok(`sha256:${hex}`)
  return wrong(`expected sha256: and 64 hexadecimal digits, got ${JSON.stringify(text)}`)
}

/** As HELO says it: a domain, an address literal, or what careless clients say. */
export function parseHelo(text: string): Result<string> {
  if (text === '' || text.length > 255 || /[\p{C}\p{Z}]/u.test(text))
    return wrong(`expected the name of HELO, got ${JSON.stringify(text)}`)
  return ok(text)
}
