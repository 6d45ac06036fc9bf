import type { BanSettings } from '../mail/ban-settings.ts'
import { defaults } from './defaults.ts'
import type { Bans } from './define-line.ts'
import type { ClientEntry } from './document.ts'
import type { DocPath } from './positions.ts'
import { durationAt, networksAt, valueSpot, values } from './validate-read.ts'
import type { Report } from './validate-report.ts'

/** Who misbehaves is kept out; `null`: nobody is. @param trusted the networks that are not, where the document names none */
export function bans(report: Report, section: unknown, trusted: readonly ClientEntry[]): BanSettings | null {
  if (section === undefined || !report.sound(['bans'])) return null
  const written = section as Bans
  report.place('bans', { kind: 'key', path: ['bans'] })
  const base = defaults.bans
  const ms = (text: string, path: DocPath) => durationAt(report, text, valueSpot(path)) ?? 1000
  const often = (key: 'failures' | 'unknownRecipients' | 'protocolErrors' | 'httpRequests') => {
    const value = written[key] ?? base[key]
    return value === 'off' ? null : value
  }
  const { delay = base.delay, lockOut = base.lockOut } = written
  const forMs = ms(written.for ?? base.for, ['bans', 'for'])
  const maxMs = atLeast(report, ms(written.max ?? base.max, ['bans', 'max']), forMs, ['bans', 'max'], 'bans.for')
  const firstMs = delay === 'off' ? 0 : ms(delay.first ?? base.delay.first, ['bans', 'delay', 'first'])
  const longestMs = delay === 'off' ? 0 : ms(delay.max ?? base.delay.max, ['bans', 'delay', 'max'])
  return {
    failures: often('failures'),
    unknownRecipients: often('unknownRecipients'),
    protocolErrors: often('protocolErrors'),
    httpRequests: often('httpRequests'),
    windowMs: ms(written.window ?? base.window, ['bans', 'window']),
    forMs,
    maxMs,
    except: exceptions(report, written, trusted),
    delay:
      delay === 'off'
        ? null
        : { firstMs, maxMs: atLeast(report, longestMs, firstMs, ['bans', 'delay', 'max'], 'bans.delay.first') },
    lockOut:
      lockOut === 'off'
        ? null
        : {
            failures: lockOut.failures ?? base.lockOut.failures,
            windowMs: ms(lockOut.window ?? base.lockOut.window, ['bans', 'lockOut', 'window']),
            forMs: ms(lockOut.for ?? base.lockOut.for, ['bans', 'lockOut', 'for']),
          },
  }
}

function atLeast(report: Report, ms: number, leastMs: number, path: DocPath, other: string): number {
  if (ms >= leastMs) return ms
  report.error('MG1208', valueSpot(path), `expected at least as long as ${other} (${leastMs / 1000}s)`)
  return leastMs
}

function exceptions(report: Report, { except }: Bans, trusted: readonly ClientEntry[]): readonly string[] {
  if (except !== undefined) return values(networksAt(report, except, ['bans', 'except'])).sort()
  const own = trusted.find(({ at }) => at === 'trusted')
  return own === undefined ? [] : own.networks.map(({ network }) => network).sort()
}
