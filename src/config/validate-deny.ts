import type { Deny } from './define.ts'
import type { DenyRule } from './document.ts'
import { recipientsAt } from './validate-clients.ts'
import { addressPatternsAt, atOf, nameAt, networksAt, sizeAt, twice, valueSpot, values } from './validate-read.ts'
import { readReply } from './validate-reply.ts'
import type { Report, Spot } from './validate-report.ts'

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
    list.push({ at, id, when, then })
  }
  return list
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
  return {
    client: networks('client'),
    sender: senders === null ? null : values(senders),
    recipient:
      when.recipient === undefined ? null : values(recipientsAt(report, when.recipient, [...path, 'recipient'])),
    destination: networks('destination'),
    sizeOverBytes:
      when.size === undefined ? null : sizeAt(report, when.size.over, valueSpot([...path, 'size', 'over'])),
    listeners: when.listener === undefined ? null : [when.listener].flat(),
  }
}

function reply(report: Report, { then }: Deny, path: (string | number)[]): DenyRule['then'] {
  const otherwise = { code: 550, status: '5.7.1', text: 'refused by local policy' }
  if (then === undefined) return otherwise
  const reading = readReply(then.reject.code, then.reject.text, '7.1')
  if (reading.ok) return reading.value
  report.error('MG1309', valueSpot([...path, reading.part]), reading.error, { hint: reading.hint })
  return otherwise
}
