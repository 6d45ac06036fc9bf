import type { Deny, Watched } from './define.ts'
import type { DenyRule } from './document.ts'
import { readDomainPattern } from './patterns.ts'
import { recipientsAt } from './validate-clients.ts'
import { readLoginPattern } from './validate-identities.ts'
import {
  addressPatternsAt,
  atOf,
  listOf,
  nameAt,
  networksAt,
  sizeAt,
  twice,
  valueSpot,
  values,
} from './validate-read.ts'
import { readReply } from './validate-reply.ts'
import type { Report, Spot } from './validate-report.ts'
import { items } from './validate-rows.ts'

/** Rules that refuse, in their order (READINGS 19.5 to 19.8: client, envelope sender, envelope recipient, destination). */
export function deny(report: Report, section: unknown): DenyRule[] {
  const list: DenyRule[] = []
  const ids = new Map<string, Spot>()
  for (const [i, value] of (Array.isArray(section) ? section : []).entries()) {
    const path = ['deny', i]
    if (!report.sound(path)) continue
    const rule = value as Deny
    const at = atOf(path)
    report.place(at, valueSpot(path))
    const id = rule.id ?? at
    const idSpot = valueSpot([...path, 'id'])
    const named = rule.id === undefined || nameAt(report, rule.id, idSpot)
    const first = ids.get(id)
    if (first !== undefined) twice(report, idSpot, id, first)
    else if (named) ids.set(id, idSpot)
    const then = reply(report, rule, [...path, 'then', 'reject'])
    const when = conditions(report, rule, [...path, 'when'])
    list.push({
      at,
      id,
      when,
      then,
      ...(rule.mode === undefined ? {} : { mode: rule.mode }),
      ...(rule.onError === undefined || when.watched === undefined ? {} : { onError: rule.onError }),
    })
    tellOnError(report, rule, when.watched !== undefined, path)
  }
  return list
}

function tellOnError(report: Report, { onError }: Deny, isWatched: boolean, path: (string | number)[]): void {
  if (isWatched && onError === undefined) {
    report.error('MG1202', valueSpot(path), 'expected the key "onError" ("ignore" or "defer"), got nothing', {
      hint: 'what happens while the watched file cannot be read',
    })
  } else if (!isWatched && onError !== undefined) {
    report.error('MG1209', { kind: 'key', path: [...path, 'onError'] }, 'has no effect without a watched file')
  }
}

const isWatched = (value: unknown): value is Watched =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, '$watched')

/** A file of the machine that the gateway runs on: a relative path would depend on where it was started. */
function watchedAt(report: Report, { $watched }: Watched, path: (string | number)[]): string {
  if (!/^\/[^\x00-\x1f]{1,1000}$/.test($watched)) {
    report.error(
      'MG1322',
      valueSpot([...path, '$watched']),
      `expected the absolute path of a file on the gateway, got ${JSON.stringify($watched)}`,
    )
  }
  return $watched
}

function conditions(report: Report, { when }: Deny, path: (string | number)[]): DenyRule['when'] {
  const spot: Spot = { kind: 'key', path }
  const given = Object.entries(when).filter(([, value]) => value !== undefined)
  if (given.length === 0) {
    report.error('MG1507', spot, 'expected at least one condition, got none: the rule would refuse everything')
  }
  if (when.destination !== undefined && given.length > 1) {
    report.error('MG1508', { kind: 'key', path: [...path, 'destination'] }, 'expected destination alone in its rule', {
      hint: 'the address is known only when a delivery connects, long after the others were asked; write two rules',
    })
  }
  const senders =
    when.sender === undefined ? null : addressPatternsAt(report, when.sender, [...path, 'sender'], 'sender')
  const bounces = senders?.find(({ value }) => value === '<>')
  if (bounces !== undefined && given.length === 1) {
    report.warning(
      'MG1607',
      bounces.spot,
      'refuses notifications of failed delivery, also those about our own mail (RFC 5321 §6.1)',
    )
  }
  const networks = (key: 'client' | 'destination') =>
    when[key] === undefined ? null : values(networksAt(report, when[key], [...path, key]))
  const client = [...path, 'client']
  return {
    client: isWatched(when.client) ? null : networks('client'),
    sender: senders === null ? null : values(senders),
    recipient:
      when.recipient === undefined ? null : values(recipientsAt(report, when.recipient, [...path, 'recipient'])),
    destination: networks('destination'),
    sizeOverBytes:
      when.size === undefined ? null : sizeAt(report, when.size.over, valueSpot([...path, 'size', 'over'])),
    listeners: when.listener === undefined ? null : [when.listener].flat(),
    ...(isWatched(when.client) ? { watched: watchedAt(report, when.client, client) } : {}),
    ...(when.helo === undefined
      ? {}
      : {
          helo: values(
            listOf(report, items(report, when.helo, [...path, 'helo'], 'helo'), 'MG1301', readDomainPattern, itself),
          ),
        }),
    ...(when.login === undefined
      ? {}
      : {
          logins: values(
            listOf(report, items(report, when.login, [...path, 'login'], 'login'), 'MG1330', readLoginPattern, itself),
          ),
        }),
    ...(when.tls === undefined ? {} : { tls: when.tls }),
  }
}

const itself = (text: string) => text

function reply(report: Report, { then }: Deny, path: (string | number)[]): DenyRule['then'] {
  const otherwise = { code: 550, status: '5.7.1', text: 'refused by local policy' }
  if (then === undefined) return otherwise
  const reading = readReply(then.reject.code, then.reject.text, '7.1')
  if (reading.ok) return reading.value
  report.error('MG1309', valueSpot([...path, reading.part]), reading.error, { hint: reading.hint })
  return otherwise
}
