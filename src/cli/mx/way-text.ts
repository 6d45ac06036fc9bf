import type { HopHostView, HopView, StsPolicyView, WayView } from '../../mail/hop-view.ts'
import { durationText, oneLine } from '../text.ts'
import { stepsOf } from './steps.ts'
import { tlsWords } from './tls-words.ts'

/** Anybody may write what stands in the DNS, and at any length. */
const maxText = 300
/** Hosts that are shown without `--all`. */
const fewHosts = 16

/** All of it, for a terminal. */
export function wayText(way: WayView, { now, all }: { readonly now: number; readonly all: boolean }): string {
  const { domain, route, hop, published, sts, lane, held, sender, bySender } = way
  return [
    `${domain}: ${route.text}`,
    `  decided by ${rowText(way)}`,
    ...(bySender && sender === null
      ? ['  of nobody in particular: mail of some senders goes another way (--from)']
      : []),
    ...(held === null ? [] : [`  held back: ${held}`]),
    ...(hop === null ? [] : hopLines(hop, now, all)),
    ...(published === null ? [] : ['not asked on the way, but published:', ...hopLines(published, now, all)]),
    ...(sts === null ? [] : [`MTA-STS: ${stsText(sts, now)}`]),
    ...(lane === null ? [] : [`queue: ${lane.state}, ${lane.waiting} waiting, ${lane.active} under way`]),
    'a delivery would now',
    ...stepsOf(way, now).map((step, i) => `  ${i + 1}. ${step}`),
    '',
  ]
    .map(short)
    .join('\n')
}

/** One line, for a list of domains. */
export function wayLine(way: WayView, now: number): string {
  const { domain, hop, route, sts } = way
  const tried = hop?.hosts.filter(({ standing }) => standing === 'tried') ?? []
  const hosts = tried.map(({ name, preference }) => (preference === null ? name : `${preference} ${name}`)).join(', ')
  const ends = hop === null || hop.outcome.kind === 'hosts' ? hosts : hop.outcome.why
  const policy = sts === null || sts.state === 'none' ? '' : `; MTA-STS ${stsText(sts, now)}`
  return `${short(`${domain}: ${route.text}${ends === '' ? '' : `: ${ends}`}${policy}`)}\n`
}

function rowText({ row: { at, file, line, column } }: WayView): string {
  const place = file === null ? '' : ` (${file}:${line}:${column})`
  return at === '' ? 'nothing that the document says' : `${at}${place}`
}

function hopLines(hop: HopView, now: number, all: boolean): readonly string[] {
  const shown = all ? hop.hosts : hop.hosts.slice(0, fewHosts)
  const omitted = hop.omitted + hop.hosts.length - shown.length
  return [
    ...(hop.mx === null ? [`hosts of the document: ${hop.hosts.length}`] : [`MX: ${mxText(hop)}`]),
    ...shown.flatMap((host) => hostLines(host, now)),
    ...(omitted === 0 ? [] : [`  and ${omitted} more${all ? ', which are not looked up' : ' (--all)'}`]),
  ]
}

function mxText({ mx, hosts, omitted }: HopView): string {
  if (mx === null) return ''
  const { state, why, secure, stale, ttlMs } = mx
  const sure = secure ? ', validated' : ''
  const left = ttlMs === null ? '' : stale ? ', beyond their time' : `, good for ${durationText(ttlMs)}`
  switch (state) {
    case 'found':
      return `${hosts.length + omitted} found${sure}${left}`
    case 'null-mx':
      return `null MX${sure}${left}: the domain takes no mail`
    case 'none':
      return `none${sure}: the domain is its own host`
    case 'nxdomain':
      return `no such domain${sure}`
    case 'failed':
      return `nobody could tell: ${why}`
    case 'literal':
      return 'not asked for, as it is an address'
  }
}

function hostLines(host: HopHostView, now: number): readonly string[] {
  const { name, port, preference, standing, why, secure, stale, canonical, addresses, tlsa, tls } = host
  const notes = [
    ...(canonical === null ? [] : [`alias of ${canonical}`]),
    ...(secure ? ['validated'] : []),
    ...(stale ? ['beyond its time'] : []),
    ...(why === null ? [] : [why]),
  ]
  const head = `  ${preference === null ? '' : `${preference} `}${name}${preference === null ? `:${port}` : ''}`
  return [
    `${head}: ${standing}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`,
    ...addresses.map(({ address, standing, why, turn, shunnedUntil }) => {
      const place = turn === null ? standing : `tried as number ${turn}`
      const avoided =
        shunnedUntil === null ? '' : `, avoided for ${durationText(shunnedUntil - now)}: it did not answer`
      return `    ${address}: ${place}${why === null ? '' : `: ${why}`}${avoided}`
    }),
    ...tlsa.map((record) => `    TLSA ${record}`),
    ...(tls === null ? [] : [`    TLS: ${tlsWords(tls)}`]),
  ]
}

function stsText({ state, id, mx, expiresAt, why }: StsPolicyView, now: number): string {
  if (state === 'none') return 'none'
  if (state === 'unknown') return `one that could not be had: ${why}`
  const left = expiresAt === null ? '' : `, good for ${durationText(expiresAt - now)}`
  return `${state}, id ${id}${left}: ${mx.join(', ')}`
}

function short(text: string): string {
  const line = oneLine(text)
  return line.length > maxText ? `${line.slice(0, maxText)}...` : line
}
