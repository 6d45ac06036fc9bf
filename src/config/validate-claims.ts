import type { Code } from './codes.ts'
import type { Claim, ClaimBox, ClaimEffect, Some } from './define-claims.ts'
import type { BoxEntry, ClaimEntry, EffectEntry, SomeEntry } from './document-claims.ts'
import { type Reading, readAddressPattern, readDomainPattern } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { didYouMean } from './suggest.ts'
import { readCertificatePattern, readLoginPattern } from './validate-identities.ts'
import { readNetwork } from './validate-network.ts'
import { atOf, listOf, sizeAt, take, twice, valueSpot, values } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { items, tellEmpty } from './validate-rows.ts'

/** What claims may name: the listeners, relays and DNS lists of the document, `null` where that section cannot be read. */
export type Names = Readonly<Record<'listener' | 'relay' | 'dnsbl', readonly string[] | null>>

/** The claims of `prove`, in their order. */
export function claims(report: Report, section: unknown, names: Names): ClaimEntry[] {
  const list: ClaimEntry[] = []
  const first = new Map<string, Spot>()
  for (const [i, value] of (Array.isArray(section) ? section : []).entries()) {
    const path = ['prove', i]
    if (!report.sound(path)) continue
    const at = atOf(path)
    const spot = valueSpot(path)
    report.place(at, spot)
    const text = JSON.stringify(value)
    const before = first.get(text)
    if (before === undefined) first.set(text, spot)
    else twice(report, spot, typeof value === 'string' ? value : 'this claim', before)
    const claim = readClaim(report, value as Claim, path, names)
    if (claim !== null) list.push({ at, ...claim })
  }
  return list
}

type Unplaced<T> = T extends { readonly at: string } ? Omit<T, 'at'> : never

function readClaim(report: Report, claim: Claim, path: DocPath, names: Names): Unplaced<ClaimEntry> | null {
  if (typeof claim === 'string') return { kind: claim }
  if ('tlsFloor' in claim) {
    const { pattern, level } = claim.tlsFloor
    const reading = take(report, 'MG1302', valueSpot([...path, 'tlsFloor', 'pattern']), readRecipient(pattern))
    return reading === null ? null : { kind: 'tlsFloor', pattern: reading, level }
  }
  if ('unchanged' in claim)
    return { kind: 'unchanged', box: readBox(report, claim.unchanged, [...path, 'unchanged'], names) }
  const box = readBox(report, claim.forAll, [...path, 'forAll'], names)
  const said: { never?: ClaimEffect; always?: ClaimEffect; onlyVia?: string } = claim
  const given = (['never', 'always', 'onlyVia'] as const).filter((key) => said[key] !== undefined)
  if (given.length !== 1) {
    report.error(
      'MG1701',
      { kind: 'key', path: [...path, 'forAll'] },
      `expected one of never, always and onlyVia beside it, got ${given.length === 0 ? 'none' : given.join(' and ')}`,
      { hint: given.length === 0 ? "such as forAll({ ... }).never('accepted')" : 'write a claim for each' },
    )
    return null
  }
  if (said.onlyVia !== undefined) {
    known(report, 'MG1402', valueSpot([...path, 'onlyVia']), 'relay', said.onlyVia, names)
    return { kind: 'onlyVia', box, relay: said.onlyVia }
  }
  const kind = said.never === undefined ? 'always' : 'never'
  return { kind, box, effect: readEffect(report, said[kind]!, [...path, kind], names) }
}

function readEffect(report: Report, effect: ClaimEffect, path: DocPath, names: Names): EffectEntry {
  if (typeof effect !== 'string') known(report, 'MG1402', valueSpot([...path, 'relay']), 'relay', effect.relay, names)
  return effect
}

function readBox(report: Report, box: ClaimBox, path: DocPath, names: Names): BoxEntry {
  const listeners = box.listener === undefined ? null : [box.listener].flat()
  if (listeners?.length === 0) tellEmpty(report, [...path, 'listener'])
  for (const [i, name] of (listeners ?? []).entries()) {
    const at = Array.isArray(box.listener) ? [...path, 'listener', i] : [...path, 'listener']
    known(report, 'MG1403', valueSpot(at), 'listener', name, names)
  }
  const size = (key: 'over' | 'upTo'): number | null => {
    const text = box.size?.[key]
    return text === undefined ? null : sizeAt(report, text, valueSpot([...path, 'size', key]))
  }
  const overBytes = size('over')
  const upToBytes = size('upTo')
  if (overBytes !== null && upToBytes !== null && overBytes >= upToBytes) {
    report.error('MG1702', valueSpot([...path, 'size']), 'holds no message: nothing is over `over` and up to `upTo`')
  }
  const login = readSome(report, box.login, [...path, 'login'], 'MG1330', readLoginPattern)
  const certificate = readSome(report, box.certificate, [...path, 'certificate'], 'MG1331', readCertificatePattern)
  const helo = readSome(report, box.helo, [...path, 'helo'], 'MG1301', readDomainPattern)
  tellEmptyLine(report, { box, login, certificate, path })
  return {
    listeners,
    client: readSome(report, box.client, [...path, 'client'], 'MG1304', readNetwork),
    internal: box.internal ?? null,
    ...(box.tls === undefined ? {} : { tls: box.tls }),
    ...(login === null ? {} : { login }),
    ...(certificate === null ? {} : { certificate }),
    ...(helo === null ? {} : { helo }),
    sender: readSome(report, box.sender, [...path, 'sender'], 'MG1302', readAddressPattern),
    recipient: readSome(report, box.recipient, [...path, 'recipient'], 'MG1302', readRecipient),
    overBytes,
    upToBytes,
    dnsbl: Object.entries(box.dnsbl ?? {}).map(([id, outcomes]) => {
      known(report, 'MG1703', { kind: 'key', path: [...path, 'dnsbl', id] }, 'dnsbl', id, names)
      const list = [outcomes].flat()
      if (list.length === 0) tellEmpty(report, [...path, 'dnsbl', id])
      return [id, list] as const
    }),
  }
}

/** Sets that no line can be in: a claim about them would hold without saying anything. */
function tellEmptyLine(
  report: Report,
  {
    box,
    login,
    certificate,
    path,
  }: { box: ClaimBox; login: SomeEntry | null; certificate: SomeEntry | null; path: DocPath },
): void {
  if (box.tls === false && certificate !== null && certificate.in !== null)
    report.error('MG1702', valueSpot([...path, 'tls']), 'holds no message: a certificate is shown over TLS alone', {
      hint: 'leave out tls or certificate',
    })
  const named = (['login', 'certificate'] as const).find((key) => ({ login, certificate })[key]?.in != null)
  if (box.internal === true && named !== undefined)
    report.error(
      'MG1702',
      valueSpot([...path, 'internal']),
      `holds nobody with a ${named} of \`clients\`: true is the internal networks, of whoever is known by nothing else`,
      { hint: `leave out internal and name the ${named}s` },
    )
}

function readSome(
  report: Report,
  value: Some | undefined,
  path: DocPath,
  code: Code,
  read: (text: string) => Reading<string>,
): SomeEntry | null {
  if (value === undefined) return null
  const list = (part: unknown, at: DocPath) =>
    values(listOf(report, items(report, part, at, 'pattern'), code, read, (text) => text))
  if (typeof value === 'string' || Array.isArray(value)) return { in: list(value, path), except: [] }
  const { in: meant, except } = value as Extract<Some, { except: unknown }>
  return {
    in: meant === undefined ? null : list(meant, [...path, 'in']),
    except: list(except, [...path, 'except']),
  }
}

function readRecipient(text: string): Reading<string> {
  const reading = readAddressPattern(text)
  if (!reading.ok || reading.value !== '<>') return reading
  return {
    ok: false,
    error: 'expected an address pattern of recipients, got "<>"',
    hint: '<> is a sender only (RFC 5321 §4.5.5)',
  }
}

const sections = { listener: 'listeners', relay: 'relays', dnsbl: 'dnsbl' } as const

function known(
  report: Report,
  code: 'MG1402' | 'MG1403' | 'MG1703',
  spot: Spot,
  what: keyof Names,
  name: string,
  names: Names,
): void {
  const declared = names[what]
  if (declared === null || declared.includes(name)) return
  const list =
    declared.length === 0 ? `there is no ${sections[what]} section` : `declared: ${declared.slice(0, 12).join(', ')}`
  const noun = what === 'dnsbl' ? 'DNS list' : what
  report.error(code, spot, `no ${noun} is called ${JSON.stringify(name)}`, { hint: didYouMean(name, declared) ?? list })
}
