import { ok, type Result, wrong } from './result.ts'

/**
 * The text of a greeting as a document writes it: plain text with macros, `$name` or `${name}`, in any case, `$$` for a
 * dollar sign. Environment variables are `${env.NAME}`, and `$env.NAME^` or `$env.NAME&` as MailQ wrote them. What a macro
 * stands for is worked out when somebody connects (`ingress/greeting.ts`).
 */
export type GreetingTemplate = readonly GreetingPart[]

export type GreetingPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'macro'; readonly name: Macro }
  | { readonly kind: 'environment'; readonly name: string }

/** MailQ's names, and what they stand for in mailgw. Read on 30 June 2014 at 13:32:12 in British summer time. */
export const macros = {
  fulldate: 'Monday, 30th June 2014',
  time: '13:32',
  yyyy: '2014',
  yy: '14',
  mmmm: 'June',
  mmm: 'Jun',
  mm: '06',
  dddd: 'Monday',
  ddd: 'Mon',
  dd: '30',
  hh: '13',
  ii: '32',
  ss: '12',
  isodate: '20140630',
  usdate: '06302014',
  ukdate: '30062014',
  yearday: '181',
  o: '+0100',
  r: 'Monday, 30th Jun 2014 13:32:12 +0100',
  exename: 'mailgw',
  ver: '1.0.0',
  client_ip: '192.0.2.1',
  server_name: 'gw.corp.example',
} as const
export type Macro = keyof typeof macros

const known: ReadonlyMap<string, Macro> = new Map((Object.keys(macros) as Macro[]).map((name) => [name, name]))

/** A reply line has at most 512 octets (RFC 5321 §4.5.3.1.5); this leaves room for what the macros stand for. */
export const longestGreeting = 300

/** Reads a template, or says what is wrong with it. */
export function parseGreeting(text: string): Result<GreetingTemplate> {
  if (!/^[ -~]+$/.test(text)) return wrong('expected a line of printable ASCII')
  if (text.length > longestGreeting) return wrong(`expected at most ${longestGreeting} characters, got ${text.length}`)
  const parts: GreetingPart[] = []
  let plain = ''
  let at = 0
  const flush = () => {
    if (plain !== '') parts.push({ kind: 'text', text: plain })
    plain = ''
  }
  while (at < text.length) {
    const dollar = text.indexOf('$', at)
    plain += text.slice(at, dollar < 0 ? text.length : dollar)
    if (dollar < 0) break
    if (text[dollar + 1] === '$') {
      plain += '$'
      at = dollar + 2
      continue
    }
    const read = macroAt(text, dollar)
    if (!read.ok) return read
    flush()
    parts.push(read.value.part)
    at = read.value.end
  }
  flush()
  return ok(parts)
}

const environment = /^\$env\.([A-Za-z_][A-Za-z0-9_]*)[&^]/i
const inBraces = /^\$\{([^{}$]*)\}/
const bare = /^\$([A-Za-z_]+)/

function macroAt(text: string, at: number): Result<{ part: GreetingPart; end: number }> {
  const rest = text.slice(at)
  const old = environment.exec(rest)
  if (old !== null) return ok({ part: { kind: 'environment', name: old[1]! }, end: at + old[0].length })
  const found = inBraces.exec(rest) ?? bare.exec(rest)
  if (found === null) return wrong(`a "$" begins a macro such as $time or \${time}; for the sign itself write "$$"`)
  const [whole, name = ''] = found
  const variable = /^env\.([A-Za-z_][A-Za-z0-9_]*)$/i.exec(name)
  if (variable !== null) return ok({ part: { kind: 'environment', name: variable[1]! }, end: at + whole.length })
  if (/^env$/i.test(name)) return wrong(`an environment variable is written \${env.NAME}`)
  if (/^pop_id$/i.test(name)) return wrong(`${whole} has a meaning for POP3 alone`)
  const macro = known.get(name.toLowerCase())
  if (macro === undefined) return wrong(`there is no macro ${whole}; there are ${[...known.keys()].join(', ')}`)
  return ok({ part: { kind: 'macro', name: macro }, end: at + whole.length })
}
