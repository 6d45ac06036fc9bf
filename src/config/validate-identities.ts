import { type Reading, read, readDomain, unread } from './patterns.ts'

/** A login, as clients and rules name it: itself, `*@domain` or `*`. Compared without case. */
export function readLoginPattern(text: string): Reading<string> {
  const expected = "a login, '*@a.example' for all of a domain, or '*' for whoever logged in"
  if (text === '*') return read(text)
  if (text === '' || text.length > 254 || /[\p{C}\p{Z}]/u.test(text)) return unread(expected, text)
  if (text.startsWith('*@')) {
    const domain = readDomain(text.slice(2))
    return domain.ok ? read(`*@${domain.value}`) : unread(expected, text)
  }
  if (text.includes('*')) return unread(expected, text, 'a "*" stands for all of a domain, or for everybody')
  return read(text.toLowerCase().normalize('NFC'))
}

/** The fingerprint of a certificate as OpenSSL and others print it, with or without colons, in any case; or `*`. */
export function readCertificatePattern(text: string): Reading<string> {
  const expected = "the fingerprint of a certificate, 'sha256:' and 64 hexadecimal digits, or '*'"
  if (text === '*') return read(text)
  const [, digits = ''] = /^sha256:([0-9a-f:]+)$/i.exec(text) ?? []
  const hex = digits.replaceAll(':', '').toLowerCase()
  if (hex.length === 64) return read(`sha256:${hex}`)
  const hint = /^[0-9a-f:]{64,95}$/i.test(text)
    ? `write "sha256:${text.replaceAll(':', '').toLowerCase()}"`
    : 'openssl x509 -in client.pem -noout -fingerprint -sha256 prints it'
  return unread(expected, text, hint)
}
