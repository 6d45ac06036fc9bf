import { listedText } from '../mail/listed-text.ts'
import { shutDownIn } from '../mail/lists-shut-down.ts'
import { defaults } from './defaults.ts'
import type { Dnsbl } from './define.ts'
import type { DnsblEntry } from './document.ts'
import { type Reading, readDomain, unread } from './patterns.ts'
import { holds, readNetwork } from './validate-network.ts'
import { atOf, listOf, nameAt, take, twice, valueSpot, values } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { items } from './validate-rows.ts'
import { consequence } from './validate-then.ts'

export function dnsbl(report: Report, section: unknown): DnsblEntry[] {
  const list: DnsblEntry[] = []
  const ids = new Map<string, Spot>()
  for (const [i, value] of (Array.isArray(section) ? section : []).entries()) {
    const path = ['dnsbl', i]
    if (!report.sound(path)) continue
    const entry = value as Dnsbl
    const idSpot = valueSpot([...path, 'id'])
    nameAt(report, entry.id, idSpot)
    const first = ids.get(entry.id)
    if (first === undefined) ids.set(entry.id, idSpot)
    else twice(report, idSpot, entry.id, first)
    const zoneSpot = valueSpot([...path, 'zone'])
    const zone = take(report, 'MG1318', zoneSpot, readDomain(entry.zone))
    const year = zone === null ? null : shutDownIn(zone)
    if (year !== null) {
      report.warning('MG1422', zoneSpot, `${zone} was shut down in ${year}: it lists nobody, or everybody`, {
        hint: 'leave it out',
      })
    }
    const codes = values(
      listOf(
        report,
        items(report, entry.codes ?? defaults.dnsbl.codes, [...path, 'codes'], 'code'),
        'MG1304',
        readCode,
        (code) => code,
      ),
    )
    const text = listedText(zone ?? '')
    const usual = { reply: { code: defaults.dnsbl.code, text }, deferText: text, status: '7.1' }
    const onListed = consequence(report, entry.onListed, usual, [...path, 'onListed'])
    if (entry.kind === 'allow') tellUnread(report, entry, path)
    if (zone === null) continue
    const at = atOf(path)
    report.place(at, valueSpot(path))
    list.push({
      at,
      id: entry.id,
      ...(entry.kind === 'allow' ? { kind: entry.kind } : {}),
      zone,
      codes,
      listeners: entry.listeners === undefined ? null : [entry.listeners].flat(),
      onListed,
      onError: entry.onError,
      ...(entry.weight === undefined ? {} : { weight: entry.weight }),
      ...(entry.mode === undefined ? {} : { mode: entry.mode }),
    })
  }
  return list
}

function tellUnread(report: Report, entry: Dnsbl, path: (string | number)[]): void {
  for (const key of ['onListed', 'mode'] as const) {
    if (entry[key] === undefined) continue
    report.error('MG1209', { kind: 'key', path: [...path, key] }, 'has no effect: an allow list refuses nobody')
  }
}

/** `null`: no list has a weight. Weights and threshold need each other, and the threshold must be in reach. */
export function dnsblThreshold(report: Report, value: unknown, lists: readonly DnsblEntry[]): number | null {
  const threshold = typeof value === 'number' && report.sound(['dnsblThreshold']) ? value : null
  const weighed = lists.filter(({ weight }) => weight !== undefined)
  const spot: Spot = { kind: 'key', path: ['dnsblThreshold'] }
  if (threshold === null) {
    const [first] = weighed
    if (first === undefined || value !== undefined) return null
    const index = Number(/\d+/.exec(first.at)?.[0])
    report.error(
      'MG1521',
      { kind: 'key', path: ['dnsbl', index, 'weight'] },
      'has no effect without dnsblThreshold, the sum of weights at which a client is refused',
      { hint: 'such as dnsblThreshold: 5; a list without a weight decides alone' },
    )
    return null
  }
  report.place('dnsblThreshold', spot)
  const sum = weighed.reduce((total, { weight = 0, kind }) => total + (kind === 'allow' ? 0 : weight), 0)
  if (sum < threshold) {
    report.error(
      'MG1521',
      spot,
      weighed.length === 0
        ? 'expected lists with a weight, got none: nothing would reach it'
        : `expected at most ${sum}, the weights of all lists together, got ${threshold}: nothing would reach it`,
    )
  }
  return threshold
}

/** RFC 5782 §2.1: answers are in 127.0.0.0/8; 127.255.255.0/24 is how lists say that they cannot or will not answer. */
function readCode(text: string): Reading<string> {
  const expected = 'an address or block inside 127.0.0.0/8'
  const network = readNetwork(text)
  if (!network.ok) return network
  if (!holds('127.0.0.0/8', network.value)) return unread(expected, text)
  if (!holds('127.255.255.0/24', network.value)) return network
  return unread('an answer that means "listed"', text, 'answers in 127.255.255.0/24 are errors of the list')
}
