import { ok, type Result, wrong } from '../../mail/result.ts'

/** What a domain says of the TLS of its MX hosts (RFC 8461 §3.2). */
export type StsPolicy = {
  readonly mode: 'enforce' | 'testing' | 'none'
  /** Names, or `*.` and a name: exactly one label more. In lower case. */
  readonly mx: readonly string[]
  readonly maxAgeMs: number
}

/** Much more than anybody needs, and all that is read of what a stranger serves. */
export const maxPolicyOctets = 64 * 1024
const maxHosts = 500
/** RFC 8461 §3.2: about a year. */
const maxAge = 31_557_600

const hostPattern =
  /^(?:\*\.)?(?=[^*]{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/

/**
 * Reads a policy file. Keys that nobody knows mean nothing; of a key that stands twice the first counts (RFC 8461 §3.2),
 * but for `mx`, of which there are many.
 */
export function parseStsPolicy(body: string): Result<StsPolicy> {
  if (body.length > maxPolicyOctets) return wrong(`expected a policy of at most ${maxPolicyOctets} octets`)
  const first = new Map<string, string>()
  const mx: string[] = []
  for (const line of body.split(/\r?\n/)) {
    if (line.trim() === '') continue
    const at = line.indexOf(':')
    if (at < 0) return wrong(`expected "key: value", got ${JSON.stringify(line.slice(0, 80))}`)
    const key = line.slice(0, at).trim()
    const value = line.slice(at + 1).trim()
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/.test(key)) {
      return wrong(`expected a key, got ${JSON.stringify(key.slice(0, 40))}`)
    }
    if (key === 'mx') mx.push(value.toLowerCase())
    else if (!first.has(key)) first.set(key, value)
  }
  if (first.get('version') !== 'STSv1') return wrong('expected "version: STSv1"')
  const mode = first.get('mode')
  if (mode !== 'enforce' && mode !== 'testing' && mode !== 'none') {
    return wrong(`expected a mode of enforce, testing or none, got ${JSON.stringify(mode ?? '')}`)
  }
  const age = first.get('max_age') ?? ''
  if (!/^\d{1,10}$/.test(age)) return wrong(`expected max_age in seconds, got ${JSON.stringify(age.slice(0, 40))}`)
  const broken = mx.find((pattern) => !hostPattern.test(pattern))
  if (broken !== undefined) return wrong(`expected the name of an MX host, got ${JSON.stringify(broken.slice(0, 80))}`)
  if (mx.length === 0 && mode !== 'none') return wrong('expected at least one "mx:"')
  if (mx.length > maxHosts) return wrong(`expected at most ${maxHosts} "mx:", got ${mx.length}`)
  return ok({ mode, mx, maxAgeMs: Math.min(Number(age), maxAge) * 1000 })
}

/** Whether the policy knows this MX host. `*.a.b` is one label and `.a.b`, as in a certificate (RFC 8461 §4.1). */
export function allowsMx({ mx }: Pick<StsPolicy, 'mx'>, host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '')
  const parent = name.slice(name.indexOf('.') + 1)
  return mx.some((pattern) =>
    pattern.startsWith('*.') ? name.includes('.') && parent === pattern.slice(2) : pattern === name,
  )
}

/** As a report quotes it (RFC 8460 §4.4: the lines of the policy). */
export const policyLines = ({ mode, mx, maxAgeMs }: StsPolicy): readonly string[] => [
  'version: STSv1',
  `mode: ${mode}`,
  ...mx.map((host) => `mx: ${host}`),
  `max_age: ${maxAgeMs / 1000}`,
]
