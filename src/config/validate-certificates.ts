import type { CertificateSettings } from '../mail/settings.ts'
import type { Certificate, ListenerTls } from './define-line.ts'
import type { DocPath } from './positions.ts'
import { didYouMean } from './suggest.ts'
import { fileAt } from './validate-file.ts'
import { atOf, nameAt, twice, valueSpot } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { entries, tellEmpty } from './validate-rows.ts'

export type CertificateEntry = CertificateSettings & { readonly at: string }

/** What listeners may name, and what they have named. */
export type Certificates = {
  readonly list: readonly CertificateEntry[]
  /** The certificates of a listener whose TLS is on, told where they are missing. */
  of(report: Report, tls: Exclude<ListenerTls, 'off'>, path: DocPath): readonly string[]
  /** Tells which ones nothing has named. */
  tellUnused(report: Report): void
}

export function certificates(report: Report, section: unknown): Certificates {
  const list: CertificateEntry[] = []
  const declared = entries(section).map(([name]) => name)
  const used = new Set<string>()
  for (const [name, value] of entries(section)) {
    const path = ['certificates', name]
    if (!report.sound(path)) continue
    const { cert, key } = value as Certificate
    nameAt(report, name, { kind: 'key', path })
    report.place(atOf(path), { kind: 'key', path })
    list.push({
      at: atOf(path),
      name,
      certificate: fileAt(report, cert, [...path, 'cert']),
      key: fileAt(report, key, [...path, 'key']),
    })
  }

  const named = (report: Report, names: string | readonly string[], path: DocPath): string[] => {
    const found = new Map<string, Spot>()
    if (names.length === 0) tellEmpty(report, path)
    for (const [i, name] of [names].flat().entries()) {
      const spot = valueSpot(Array.isArray(names) ? [...path, i] : path)
      const first = found.get(name)
      if (first !== undefined) twice(report, spot, name, first)
      else if (!declared.includes(name)) {
        const known = declared.length === 0 ? 'there is no certificates section' : `declared: ${declared.join(', ')}`
        const hint = didYouMean(name, declared) ?? known
        report.error('MG1413', spot, `no certificate is called ${JSON.stringify(name)}`, { hint })
      }
      found.set(name, spot)
      used.add(name)
    }
    return [...found.keys()]
  }

  return {
    list,
    of(report, tls, path) {
      if (typeof tls === 'object' && tls.certificates !== undefined) {
        return named(report, tls.certificates, [...path, 'certificates'])
      }
      const [only, second] = declared
      if (only !== undefined && second === undefined) {
        used.add(only)
        return [only]
      }
      const message =
        only === undefined
          ? 'expected certificates for TLS, got none'
          : `expected certificates to be named, since there are several: ${declared.join(', ')}`
      const hint =
        only === undefined
          ? "such as certificates: { main: { cert: '/etc/mailgw/main.pem', key: '/etc/mailgw/main.key' } }; in a lab, mailgw cert self-signed makes both"
          : `such as tls: { mode: '${typeof tls === 'object' ? tls.mode : tls}', certificates: ['${only}'] }`
      for (const name of declared) used.add(name)
      report.error('MG1612', valueSpot(path), message, { hint })
      return []
    },
    tellUnused(report) {
      for (const name of declared) {
        if (used.has(name)) continue
        // No error: byEnv may use it in another environment.
        report.warning('MG1414', { kind: 'key', path: ['certificates', name] }, 'is declared, but no listener uses it')
      }
    },
  }
}
