import type { Domain } from '../mail/domain.ts'
import type { Mailbox } from '../mail/path.ts'
import type { TlsPolicySettings, TlsReportSettings } from '../mail/tls-policy-settings.ts'
import type { TlsPolicy, TlsReports } from './define-tls-policy.ts'
import { readDomainPattern, readMailbox } from './patterns.ts'
import { fileAt } from './validate-file.ts'
import { listOf, take, valueSpot, values } from './validate-read.ts'
import type { Report } from './validate-report.ts'
import { items } from './validate-rows.ts'

/** What is asked of the owners of hosts; `null`: all as usual. */
export function tlsPolicy(report: Report, section: unknown): TlsPolicySettings | null {
  if (section === undefined || !report.sound(['tlsPolicy'])) return null
  report.place('tlsPolicy', { kind: 'key', path: ['tlsPolicy'] })
  const { dane, mtaSts, ca, except } = section as TlsPolicy
  const path = ['tlsPolicy', 'except']
  const excepted =
    except === undefined
      ? []
      : values(listOf(report, items(report, except, path, 'domain'), 'MG1301', readDomainPattern, (one) => one)).sort()
  const port = typeof mtaSts === 'object' ? (mtaSts.port ?? 443) : 443
  const settings: TlsPolicySettings = {
    ...(dane === 'off' ? { dane: false } : {}),
    ...(mtaSts === 'off' ? { mtaSts: false } : port === 443 ? {} : { mtaSts: { port } }),
    ...(excepted.length === 0 ? {} : { except: excepted }),
    ...(ca === undefined ? {} : { ca: fileAt(report, ca, ['tlsPolicy', 'ca']) }),
  }
  return Object.keys(settings).length === 0 ? null : settings
}

/** Who sends reports on TLS; `null`: nobody. */
export function tlsReports(
  report: Report,
  section: unknown,
  postmaster: Mailbox | null,
  hostname: Domain | null,
): TlsReportSettings | null {
  if (section === undefined || section === 'off' || !report.sound(['tlsReports'])) return null
  report.place('tlsReports', { kind: 'key', path: ['tlsReports'] })
  const written = section as Exclude<TlsReports, 'off'>
  const line = (key: 'contact' | 'organization', usual: string): string => {
    const text = written[key]
    if (text === undefined || /^[^\x00-\x1f\x7f-\x9f]{1,255}$/.test(text)) return text ?? usual
    report.error('MG1313', valueSpot(['tlsReports', key]), 'expected one line of 1 to 255 characters')
    return usual
  }
  const from =
    written.from === undefined
      ? postmaster
      : take(report, 'MG1303', valueSpot(['tlsReports', 'from']), readMailbox(written.from))
  const sender = from?.text ?? ''
  return { from: sender, contact: line('contact', sender), organization: line('organization', hostname ?? '') }
}
