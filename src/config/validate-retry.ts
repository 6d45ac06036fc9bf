import { defaultWarnAfterMs } from '../mail/notification-settings.ts'
import type { RetryPolicy, RetrySchedule } from '../mail/settings.ts'
import { defaults } from './defaults.ts'
import type { RetryTimes, RouteRetry } from './define-notices.ts'
import type { DocPath } from './positions.ts'
import { didYouMean } from './suggest.ts'
import { atOf, durationAt, nameAt, valueSpot } from './validate-read.ts'
import type { Report } from './validate-report.ts'
import { entries, items } from './validate-rows.ts'

export type Retrying = { readonly policy: RetryPolicy; readonly schedules: readonly RetrySchedule[] }

/** What is reckoned with when the document's own could not be read. */
const defaultExpiryMs = 5 * 86_400_000

export function retry(report: Report, section: unknown): Retrying {
  const usual = policyAt(report, defaults.retry, [], { scheduleMs: [], expireAfterMs: defaultExpiryMs })
  const policy = policyAt(report, soundOf(report, section, ['retry']), ['retry'], usual)
  const schedules: RetrySchedule[] = []
  const written = report.sound(['retry', 'schedules']) ? new Map(entries(section)).get('schedules') : undefined
  for (const [name, value] of entries(written)) {
    const path = ['retry', 'schedules', name]
    if (!report.sound(path)) continue
    nameAt(report, name, { kind: 'key', path })
    schedules.push({ name, ...policyAt(report, soundOf(report, value, path), path, policy) })
  }
  return { policy, schedules }
}

/** The keys of a section without those that the structure check refused: they count as not written. */
function soundOf(report: Report, section: unknown, path: DocPath): RetryTimes {
  return Object.fromEntries(
    entries(section).filter(([key, value]) => value !== undefined && report.sound([...path, key])),
  )
}

/** What is written at `path` over what holds without it. A warning at the usual age is not in it: the graph keeps its name. */
function policyAt(report: Report, written: RetryTimes, path: DocPath, base: RetryPolicy): RetryPolicy {
  const spotOf = (key: keyof RetryTimes) => valueSpot([...path, key])
  const time = (key: 'expireAfter' | 'warnAfter'): number | null => {
    const text = written[key]
    return text === undefined || text === 'off' ? null : durationAt(report, text, spotOf(key))
  }
  const waits = written.schedule === undefined ? [] : items(report, written.schedule, [...path, 'schedule'], 'wait')
  const own = waits.flatMap(({ text, spot }) => durationAt(report, text, spot) ?? [])
  const scheduleMs = written.schedule === undefined ? base.scheduleMs : own
  const expireAfterMs = time('expireAfter') ?? base.expireAfterMs
  const inherited = base.warnAfterMs === undefined ? defaultWarnAfterMs : base.warnAfterMs
  const said = time('warnAfter')
  const warnAfterMs = written.warnAfter === 'off' ? null : (said ?? inherited)
  const maxAttempts = written.maxAttempts ?? base.maxAttempts

  const isNew = written.schedule !== undefined || written.expireAfter !== undefined
  if (isNew && expireAfterMs <= (scheduleMs[0] ?? 0)) {
    const key = written.expireAfter === undefined ? 'schedule' : 'expireAfter'
    const message =
      key === 'expireAfter'
        ? `expected more than the first wait of ${atOf([...path, 'schedule'])}`
        : `expected a first wait shorter than ${atOf([...path, 'expireAfter'])}`
    report.error('MG1208', spotOf(key), `${message}: nothing would be tried twice`)
  }
  if (said !== null && said >= expireAfterMs) {
    report.error('MG1208', spotOf('warnAfter'), `expected less than ${atOf([...path, 'expireAfter'])}, or "off"`)
  }
  return {
    scheduleMs,
    expireAfterMs,
    ...(warnAfterMs === defaultWarnAfterMs ? {} : { warnAfterMs }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
  }
}

/** Schedules that relays and destinations name must be declared, and what is declared should be named, or `chosen` by mail itself. */
export function checkScheduleNames(
  report: Report,
  users: readonly (readonly [section: string, value: unknown])[],
  { schedules }: Retrying,
  chosen: readonly string[] = [],
): void {
  const declared = schedules.map(({ name }) => name)
  const used = new Set<string>(chosen)
  for (const [section, value] of users) {
    for (const [key, part] of entries(value)) {
      const { retry: name, dsn } = Object.fromEntries(entries(part)) as RouteRetry
      const path = [section, key, 'retry']
      if (dsn === 'never' && report.sound([section, key, 'dsn'])) tellSilent(report, [section, key, 'dsn'])
      if (typeof name !== 'string' || !report.sound(path)) continue
      used.add(name)
      if (declared.includes(name)) continue
      const known = declared.length === 0 ? 'retry has no schedules' : `declared: ${declared.slice(0, 12).join(', ')}`
      report.error('MG1460', valueSpot(path), `no schedule is called ${JSON.stringify(name)}`, {
        hint: didYouMean(name, declared) ?? known,
      })
    }
  }
  for (const name of declared) {
    if (used.has(name)) continue
    const spot = { kind: 'key' as const, path: ['retry', 'schedules', name] }
    report.warning('MG1461', spot, 'is declared, but no relay or destination names it')
  }
}

function tellSilent(report: Report, path: DocPath): void {
  const message = 'what fails on this route is lost without anybody being told: only the log of the gateway says it'
  report.warning('MG1660', { kind: 'value', path }, message)
}
