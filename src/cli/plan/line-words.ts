import { type Box, type PatternSet, unsaid } from '../../graph/box.ts'
import { list } from './list-words.ts'

/** What a box says of the line: TLS, certificate, login and HELO, one row each; what may be anything has none. */
export function lineRows(box: Box): (readonly [label: string, words: string])[] {
  const rows: [string, string][] = []
  const tls = tlsWords(box)
  if (tls !== '') rows.push(['line', tls])
  if (box.certificates !== undefined) rows.push(['certificate', certificateWords(box.certificates)])
  if (box.logins !== undefined) rows.push(['login', loginWords(box.logins)])
  if (box.helos !== undefined) rows.push(['HELO', heloWords(box.helos)])
  return rows
}

/** The same inside of a sentence: `logged in as joe over TLS`. */
export function lineSentence(box: Box): string {
  const { certificates, logins, helos } = box
  const parts = [
    certificates === undefined ? '' : `with ${certificateWords(certificates)}`,
    logins === undefined ? '' : isNobody(logins) ? 'not logged in' : `logged in as ${loginWords(logins)}`,
    helos === undefined ? '' : `that says HELO ${heloWords(helos)}`,
    tlsWords(box),
  ]
  return parts.filter((part) => part !== '').join(' ')
}

/** A certificate is only ever shown over TLS: that goes without saying. */
function tlsWords({ tls, certificates }: Box): string {
  if (tls === undefined) return ''
  if (!tls) return 'without TLS'
  return certificates !== undefined && !says(certificates) ? '' : 'over TLS'
}

const says = (set: PatternSet): boolean => set.some(({ pattern }) => pattern === unsaid)
const isNobody = (set: PatternSet): boolean => set.length === 1 && set[0]!.pattern === unsaid

const loginWords = (set: PatternSet): string =>
  words(set, 'nobody', (pattern) => {
    if (pattern === '*') return 'anybody'
    return pattern.startsWith('*@') ? `anybody at ${pattern.slice(2)}` : pattern
  })

const certificateWords = (set: PatternSet): string =>
  words(set, 'no certificate', (pattern) => (pattern === '*' ? 'any certificate' : `certificate ${short(pattern)}`))

/** As much of a digest as people compare; JSON has all of it. */
const short = (digest: string): string => `${digest.slice(0, 'sha256:'.length + 16)}...`

const heloWords = (set: PatternSet): string =>
  words(set, 'nothing', (pattern) => {
    if (pattern === '*') return 'anything'
    return pattern.startsWith('*.') ? `a name under ${pattern.slice(2)}` : pattern
  })

/** `none`: what it is called that nothing is said. "All but these" comes as two parts, which are read as one. */
function words(set: PatternSet, none: string, wordOf: (pattern: string) => string): string {
  if (set.length === 0) return 'none of them'
  const name = (pattern: string) => (pattern === unsaid ? none : wordOf(pattern))
  return list(
    set
      // Names before those who have none.
      .toSorted((a, b) => Number(a.pattern === unsaid) - Number(b.pattern === unsaid))
      .map(({ pattern, except }) => {
        const what = name(pattern)
        return except.length === 0 ? what : `${what} except ${list(except.map(name), 'and')}`
      }),
    'or',
  )
}
