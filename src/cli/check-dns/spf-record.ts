import { askableName } from '../../dns/name.ts'
import { ipBytes, parseIp } from '../../mail/ip.ts'
import { ok, type Result, wrong } from '../../mail/result.ts'

export type Qualified = 'pass' | 'fail' | 'softfail' | 'neutral'

/** A domain as written; with `%` in it, it has macros. `null`: the domain whose record it is. */
export type SpfMechanism =
  | { readonly kind: 'all' }
  | { readonly kind: 'ip'; readonly bytes: Uint8Array; readonly bits: number }
  | { readonly kind: 'a' | 'mx'; readonly domain: string | null; readonly bits4: number; readonly bits6: number }
  | { readonly kind: 'include' | 'exists'; readonly domain: string }
  | { readonly kind: 'ptr' }

export type SpfDirective = {
  /** As written, for a person. */
  readonly text: string
  readonly result: Qualified
  readonly mechanism: SpfMechanism
}
export type SpfRecord = { readonly directives: readonly SpfDirective[]; readonly redirect: string | null }

/** The version stands alone or before a blank (RFC 7208 §4.5): `v=spf10` is something else. */
export const isSpf = (text: string): boolean => /^v=spf1(?: |$)/i.test(text)

const results = new Map<string, Qualified>([
  ['', 'pass'],
  ['+', 'pass'],
  ['-', 'fail'],
  ['~', 'softfail'],
  ['?', 'neutral'],
])

/** Reads a record that `isSpf`. Any error in it spoils the whole record (RFC 7208 §4.6). */
export function parseSpf(text: string): Result<SpfRecord> {
  const directives: SpfDirective[] = []
  const modifiers = new Map<string, string>()
  for (const term of text.slice('v=spf1'.length).split(' ').filter(Boolean)) {
    const [, qualifier = '', name = '', rest = ''] = /^([+?~-]?)([a-z][a-z0-9_.-]*)(.*)$/is.exec(term) ?? []
    const lower = name.toLowerCase()
    if (qualifier === '' && rest.startsWith('=')) {
      const known = lower === 'redirect' || lower === 'exp'
      if (known && modifiers.has(lower)) return wrong(`${lower}= stands there twice`)
      if (known && !isDomainSpec(rest.slice(1))) return wrong(`${term} names no domain`)
      modifiers.set(lower, rest.slice(1))
      continue
    }
    const mechanism = mechanismOf(lower, rest)
    if (mechanism === null) return wrong(`${term} is no mechanism of SPF`)
    directives.push({ text: term, result: results.get(qualifier)!, mechanism })
  }
  return ok({ directives, redirect: modifiers.get('redirect') ?? null })
}

/** RFC 7208 §5. `null`: not one of them, or not written as it has to be. */
function mechanismOf(name: string, rest: string): SpfMechanism | null {
  switch (name) {
    case 'all':
      return rest === '' ? { kind: 'all' } : null
    case 'ip4':
    case 'ip6':
      return networkOf(rest, name === 'ip6')
    case 'a':
    case 'mx':
      return hostsOf(name, rest)
    case 'include':
    case 'exists':
      return rest.startsWith(':') && isDomainSpec(rest.slice(1)) ? { kind: name, domain: rest.slice(1) } : null
    case 'ptr':
      return rest === '' || (rest.startsWith(':') && isDomainSpec(rest.slice(1))) ? { kind: 'ptr' } : null
    default:
      return null
  }
}

function networkOf(rest: string, is6: boolean): SpfMechanism | null {
  const [, text = '', prefix] = /^:([^/]+)(?:\/(.*))?$/s.exec(rest) ?? []
  const address = parseIp(text)
  const bits = bitsOf(prefix, is6 ? 128 : 32)
  if (!address.ok || text.includes(':') !== is6 || bits === null) return null
  return { kind: 'ip', bytes: ipBytes(address.value), bits }
}

/** `a`, `a:example.org`, `a/24`, `a:example.org/24//64`. */
function hostsOf(kind: 'a' | 'mx', rest: string): SpfMechanism | null {
  const parts = /^(?::(.+?))?(?:\/(\d+))?(?:\/\/(\d+))?$/s.exec(rest)
  if (parts === null) return null
  const [, domain = null, v4, v6] = parts
  const bits4 = bitsOf(v4, 32)
  const bits6 = bitsOf(v6, 128)
  if (bits4 === null || bits6 === null || (domain !== null && !isDomainSpec(domain))) return null
  return { kind, domain, bits4, bits6 }
}

function bitsOf(text: string | undefined, most: number): number | null {
  if (text === undefined) return most
  return /^(?:0|[1-9]\d{0,2})$/.test(text) && Number(text) <= most ? Number(text) : null
}

/** What macros make of a text cannot be seen here. */
const isDomainSpec = (text: string): boolean => text.includes('%') || askableName(text) !== null
