import { defaults } from './defaults.ts'
import type { Dnsbl } from './define.ts'
import type { DnsblEntry } from './document.ts'
import { type Reading, readDomain, unread } from './patterns.ts'
import { holds, readNetwork } from './validate-network.ts'
import { atOf, listOf, nameAt, take, twice, valueSpot, values } from './validate-read.ts'
import { readReply } from './validate-reply.ts'
import type { Report, Spot } from './validate-report.ts'
import { items } from './validate-rows.ts'

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
    const zone = take(report, 'MG1318', valueSpot([...path, 'zone']), readDomain(entry.zone))
    const codes = values(
      listOf(
        report,
        items(report, entry.codes ?? defaults.dnsbl.codes, [...path, 'codes'], 'code'),
        'MG1304',
        readCode,
        (code) => code,
      ),
    )
    const listed = onListed(report, entry, zone ?? '', [...path, 'onListed', 'reject'])
    if (zone === null) continue
    const at = atOf(path)
    report.place(at, valueSpot(path))
    list.push({
      at,
      id: entry.id,
      zone,
      codes,
      listeners: entry.listeners === undefined ? null : [entry.listeners].flat(),
      onListed: listed,
      onError: entry.onError,
    })
  }
  return list
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

function onListed(report: Report, entry: Dnsbl, zone: string, path: (string | number)[]): DnsblEntry['onListed'] {
  const otherwise = { code: defaults.dnsbl.code, text: `client host is listed by ${zone}` }
  if (entry.onListed === undefined) return otherwise
  const { code, text } = entry.onListed.reject
  const reading = readReply(code, text, '7.1')
  if (reading.ok) return { code, text: reading.value.text }
  report.error('MG1309', valueSpot([...path, reading.part]), reading.error, { hint: reading.hint })
  return otherwise
}
