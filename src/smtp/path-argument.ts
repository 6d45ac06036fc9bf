import { type Mailbox, parseMailbox } from '../mail/path.ts'
import { ok, type Result, wrong } from '../mail/result.ts'

/** What MAIL or RCPT names, and the text after it, where parameters are. */
export type PathArgument = {
  readonly path:
    | { readonly kind: 'null' }
    | { readonly kind: 'postmaster' }
    | { readonly kind: 'mailbox'; readonly mailbox: Mailbox }
  readonly rest: string
}

/**
 * `strict`: RFC 5321 §4.1.2 to the letter. `lenient`: also a blank after the colon, no colon, and no angle brackets, as
 * old devices write them; on listeners where only known clients come.
 */
export type Leniency = 'strict' | 'lenient'

// The usual form, in one step: <dot-string@domain>.
const plain = /^<([\w!#$%&'*+/=?^`{|}~.-]+@[A-Za-z0-9.-]+)>/

/** Reads `FROM:<path>` or `TO:<path>`. A source route is read and dropped (RFC 5321 §4.1.1.3, appendix C). */
export function parsePathArgument(keyword: 'FROM' | 'TO', argument: string, leniency: Leniency): Result<PathArgument> {
  const start = afterKeyword(keyword, argument, leniency)
  if (start < 0) return wrong(`expected ${keyword}:<address>`)
  const text = argument.slice(start)

  const usual = plain.exec(text)
  if (usual !== null) return mailbox(usual[1]!, text.slice(usual[0].length), leniency)

  if (!text.startsWith('<')) {
    if (leniency === 'strict' || text === '') return wrong(`expected ${keyword}:<address>, with angle brackets`)
    const end = unquoted(text, ' ', 0)
    return end < 0 ? mailbox(text, '', leniency) : mailbox(text.slice(0, end), text.slice(end), leniency)
  }
  const end = unquoted(text, '>', 1)
  if (end < 0) return wrong('the path has no ">"')
  const inside = text.slice(1, end)
  const rest = text.slice(end + 1)
  if (inside === '') return ok({ path: { kind: 'null' }, rest })
  if (inside.toLowerCase() === 'postmaster') return ok({ path: { kind: 'postmaster' }, rest })
  if (!inside.startsWith('@')) return mailbox(inside, rest, leniency)

  const route = /^@[^\s:,@]+(?:,@[^\s:,@]+)*:/.exec(inside)
  if (route === null) return wrong('expected a source route <@host,@host:local-part@domain>')
  for (const host of route[0].slice(1, -1).split(',@')) {
    const relay = parseMailbox(`x@${host}`)
    if (!relay.ok) return wrong('a source route names no domain')
  }
  return mailbox(inside.slice(route[0].length), rest, leniency)
}

function mailbox(text: string, rest: string, leniency: Leniency): Result<PathArgument> {
  const parsed = parseMailbox(text)
  if (!parsed.ok) return parsed
  // "_" is in no domain of RFC 5321, but in names of machines.
  if (leniency === 'strict' && parsed.value.domain.includes('_'))
    return wrong('a domain has letters, digits and hyphens')
  return ok({ path: { kind: 'mailbox', mailbox: parsed.value }, rest })
}

function afterKeyword(keyword: string, argument: string, leniency: Leniency): number {
  const length = keyword.length
  if (argument.slice(0, length).toUpperCase() !== keyword) return -1
  if (leniency === 'strict') return argument.charCodeAt(length) === 58 ? length + 1 : -1
  const gap = /^ *:? */.exec(argument.slice(length))![0]
  return gap === '' ? -1 : length + gap.length
}

/** Where `wanted` stands outside of a quoted string, from `from` on, or -1. */
function unquoted(text: string, wanted: string, from: number): number {
  let quoted = false
  for (let at = from; at < text.length; at++) {
    const char = text[at]
    if (char === wanted && !quoted) return at
    if (char === '"') quoted = !quoted
    else if (char === '\\' && quoted) at++
  }
  return -1
}
