import { ok, type Result, wrong } from '../mail/result.ts'

/** Result types of RFC 8460 §4.3; others may come of newer senders. */
export type FailureDetails = {
  readonly type: string
  /** Our address that the session came from. */
  readonly sendingIp: string | null
  readonly mx: string | null
  readonly receivingIp: string | null
  readonly sessions: number
  readonly reason: string | null
}

export type PolicyResult = {
  readonly type: 'tlsa' | 'sts' | 'no-policy-found'
  readonly text: readonly string[]
  readonly domain: string
  readonly mx: readonly string[]
  readonly successes: number
  readonly failures: number
  readonly details: readonly FailureDetails[]
}

/** What one sender saw of the TLS of one domain on one day (RFC 8460 §4.4). Times are epoch ms. */
export type TlsReport = {
  readonly organization: string
  readonly start: number
  readonly end: number
  readonly contact: string
  readonly id: string
  readonly policies: readonly PolicyResult[]
}

/** RFC 8460 §4.4: UTC, without fractions of a second. */
const dateTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`

export function tlsReportJson(report: TlsReport): string {
  const given = (value: string | null) => value ?? undefined
  return JSON.stringify({
    'organization-name': report.organization,
    'date-range': { 'start-datetime': dateTime(report.start), 'end-datetime': dateTime(report.end) },
    'contact-info': report.contact,
    'report-id': report.id,
    policies: report.policies.map(({ type, text, domain, mx, successes, failures, details }) => ({
      policy: {
        'policy-type': type,
        ...(text.length === 0 ? {} : { 'policy-string': text }),
        'policy-domain': domain,
        ...(mx.length === 0 ? {} : { 'mx-host': mx }),
      },
      summary: { 'total-successful-session-count': successes, 'total-failure-session-count': failures },
      ...(details.length === 0
        ? {}
        : {
            'failure-details': details.map((one) => ({
              'result-type': one.type,
              'sending-mta-ip': given(one.sendingIp),
              'receiving-mx-hostname': given(one.mx),
              'receiving-ip': given(one.receivingIp),
              'failed-session-count': one.sessions,
              'failure-reason-code': given(one.reason),
            })),
          }),
    })),
  })
}

/** A report is text from a stranger: this much of it is read, and no more. */
export const maxReportOctets = 16 * 1024 * 1024
const maxPolicies = 1000
const maxDetails = 10_000
const maxList = 1000
const maxText = 1000

/** Reads a report as it came. What it does not say, or says in another shape, is not guessed. */
export function parseTlsReport(text: string): Result<TlsReport> {
  if (text.length > maxReportOctets) return wrong(`expected a report of at most ${maxReportOctets} octets`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return wrong('expected a report in JSON (RFC 8460 §4.4)')
  }
  try {
    return ok(readReport(fields(value, 'report')))
  } catch (error) {
    if (error instanceof Misshapen) return wrong(error.message)
    throw error
  }
}

class Misshapen extends Error {}

type Fields = ReadonlyMap<string, unknown>

/** A `Map`: keys come from a stranger. */
function fields(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Misshapen(`${where}: no object`)
  return new Map(Object.entries(value))
}

function readReport(report: Fields): TlsReport {
  const range = fields(report.get('date-range'), 'date-range')
  return {
    organization: textOf(report, 'organization-name') ?? '',
    start: timeOf(range, 'start-datetime'),
    end: timeOf(range, 'end-datetime'),
    contact: textOf(report, 'contact-info') ?? '',
    id: textOf(report, 'report-id') ?? '',
    policies: listOf(report.get('policies') ?? [], 'policies', maxPolicies).map((one, i) =>
      readPolicy(fields(one, `policies[${i}]`), `policies[${i}]`),
    ),
  }
}

function readPolicy(result: Fields, where: string): PolicyResult {
  const policy = fields(result.get('policy'), `${where}.policy`)
  const summary = fields(result.get('summary') ?? {}, `${where}.summary`)
  const type = textOf(policy, 'policy-type')
  if (type !== 'tlsa' && type !== 'sts' && type !== 'no-policy-found') {
    throw new Misshapen(`${where}.policy.policy-type: expected tlsa, sts or no-policy-found`)
  }
  return {
    type,
    text: textsOf(policy, 'policy-string'),
    domain: textOf(policy, 'policy-domain') ?? '',
    mx: textsOf(policy, 'mx-host'),
    successes: countOf(summary, 'total-successful-session-count'),
    failures: countOf(summary, 'total-failure-session-count'),
    details: listOf(result.get('failure-details') ?? [], `${where}.failure-details`, maxDetails).map((one, i) => {
      const detail = fields(one, `${where}.failure-details[${i}]`)
      return {
        type: textOf(detail, 'result-type') ?? 'unknown',
        sendingIp: textOf(detail, 'sending-mta-ip'),
        mx: textOf(detail, 'receiving-mx-hostname'),
        receivingIp: textOf(detail, 'receiving-ip'),
        sessions: countOf(detail, 'failed-session-count'),
        reason: textOf(detail, 'failure-reason-code') ?? textOf(detail, 'additional-information'),
      }
    }),
  }
}

function textOf(from: Fields, key: string): string | null {
  const value = from.get(key) ?? null
  if (value === null) return null
  if (typeof value !== 'string' || value.length > maxText) throw new Misshapen(`${key}: no text of up to ${maxText}`)
  return value
}

/** One text where a list is due occurs, and means a list of one. */
function textsOf(from: Fields, key: string): string[] {
  const value = from.get(key) ?? []
  const list = typeof value === 'string' ? [value] : listOf(value, key, maxList)
  return list.map((one) => {
    if (typeof one !== 'string' || one.length > maxText) throw new Misshapen(`${key}: no text of up to ${maxText}`)
    return one
  })
}

function listOf(value: unknown, where: string, most: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most) throw new Misshapen(`${where}: no list of up to ${most}`)
  return value
}

function countOf(from: Fields, key: string): number {
  const value = from.get(key) ?? 0
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new Misshapen(`${key}: no number`)
  return value
}

function timeOf(from: Fields, key: string): number {
  const text = textOf(from, key)
  const time = text === null || text.length > 40 ? Number.NaN : Date.parse(text)
  if (Number.isNaN(time)) throw new Misshapen(`${key}: no time`)
  return time
}
