import { createPublicKey } from 'node:crypto'
import type { Answer } from '../../dns/answer.ts'
import { askableName } from '../../dns/name.ts'
import type { CachingResolver } from '../../dns/resolver.ts'
import { parseDomain } from '../../mail/domain.ts'
import { ok, type Result, wrong } from '../../mail/result.ts'
import { type Finding, findings } from './finding.ts'

/** A key that mail of the domain is signed with, whoever signs it. */
export type DkimSelector = { readonly domain: string; readonly selector: string }

/** Reads `example.com=s1`. */
export function parseSelector(text: string): Result<DkimSelector> {
  const expected = 'expected domain=selector, such as example.com=s1'
  const [name = '', selector = '', ...rest] = text.split('=')
  const domain = parseDomain(name)
  if (!domain.ok || rest.length > 0) return wrong(`${expected}, got ${JSON.stringify(text)}`)
  const asked = askableName(`${selector}._domainkey.${domain.value}`)
  return asked === null ? wrong(`${expected}, got ${JSON.stringify(text)}`) : ok({ domain: domain.value, selector })
}

/** RFC 8301 §3.2: shorter ones count for nothing; receivers want 2048 by now. */
const leastBits = 1024
const goodBits = 2048

/** One key record that receivers can use (RFC 6376 §3.6.1, RFC 8463). */
export async function checkDkim(
  resolver: Pick<CachingResolver, 'txt'>,
  { domain, selector }: DkimSelector,
): Promise<Finding> {
  const name = `${selector}._domainkey.${domain}`
  return compareDkim(name, await resolver.txt(name))
}

export function compareDkim(name: string, answer: Answer<readonly string[]>): Finding {
  const finding = findings('dkim', name, 'one DKIM key')
  if (answer.kind === 'failed') return finding('cannot tell', answer.why)
  if (answer.kind === 'none') return finding('problem', 'no record')
  const [text] = answer.value
  // Several are undefined: each receiver takes another (RFC 6376 §3.6.2.2).
  if (answer.value.length !== 1 || text === undefined) return finding('problem', `${answer.value.length} records`)
  const tags = tagsOf(text)
  if (tags === null) return finding('problem', `no list of tags: ${text}`)
  const version = tags.get('v')
  if (version !== undefined && version !== 'DKIM1') return finding('problem', `v=${version}`)
  const data = tags.get('p')?.replace(/[ \t\r\n]+/g, '')
  if (data === undefined) return finding('problem', 'a record without p=')
  if (data === '') return finding('problem', 'a key that was revoked (p= is empty)')
  const key = keyText(tags.get('k') ?? 'rsa', data)
  if (!key.ok) return finding('problem', key.error)
  const services = tags.get('s')?.split(':') ?? ['*']
  if (!services.some((one) => one === '*' || one === 'email'))
    return finding('problem', `s=${tags.get('s')}: not for mail`)
  // Receivers treat what a key in testing says like no signature (RFC 6376 §3.6.1).
  if (tags.get('t')?.split(':').includes('y')) return finding('warning', `${key.value.text}, for tests alone (t=y)`)
  return finding(key.value.weak ? 'warning' : 'ok', key.value.text)
}

function keyText(kind: string, data: string): Result<{ readonly text: string; readonly weak: boolean }> {
  const octets = /^[A-Za-z0-9+/]+={0,2}$/.test(data) ? Buffer.from(data, 'base64') : null
  if (octets === null) return wrong('p= is no base64')
  if (kind === 'ed25519') {
    return octets.length === 32
      ? ok({ text: 'ed25519', weak: false })
      : wrong(`an ed25519 key of ${octets.length} octets`)
  }
  if (kind !== 'rsa') return wrong(`k=${kind}: no receiver knows it`)
  const bits = rsaBits(octets)
  if (bits === null) return wrong('p= holds no RSA key')
  if (bits < leastBits) return wrong(`an RSA key of ${bits} bits; less than ${leastBits} count for nothing (RFC 8301)`)
  return ok({ text: `an RSA key of ${bits} bits`, weak: bits < goodBits })
}

/** Either form: SubjectPublicKeyInfo, as everybody publishes it, and the bare key of RFC 6376 §3.6.1. */
function rsaBits(key: Buffer): number | null {
  for (const type of ['spki', 'pkcs1'] as const) {
    try {
      const read = createPublicKey({ key, format: 'der', type })
      if (read.asymmetricKeyType === 'rsa') return read.asymmetricKeyDetails?.modulusLength ?? null
    } catch {
      // The other form, or none.
    }
  }
  return null
}

/** A tag list (RFC 6376 §3.2); `null`: none, or a tag twice. */
function tagsOf(text: string): ReadonlyMap<string, string> | null {
  const tags = new Map<string, string>()
  for (const part of text.split(';')) {
    if (part.trim() === '') continue
    const at = part.indexOf('=')
    const name = part.slice(0, at).trim()
    if (at < 0 || !/^[A-Za-z][A-Za-z0-9_]*$/.test(name) || tags.has(name)) return null
    tags.set(name, part.slice(at + 1).trim())
  }
  return tags
}
