import { readFileSync } from 'node:fs'

/**
 * A conversation as the RFCs write one, byte for byte. A file holds many:
 *
 *     === a sentence that states the rule
 *     listener: internal              kind of the listener, `mx` when not said
 *     limits: maxErrors=2             over those of the test site
 *     C: NOOP                         sent, with CRLF
 *     c: NOOP\n                       sent as it is; \r \n \0 \t \\ \xHH, and \| which ends a segment
 *     S: 250 2.0.0 ok                 must come next, with CRLF
 *     END                             the client closes its side
 *     CLOSE                           the server closes now
 *     MESSAGE from=<a@b> to=<c@d> 7bit body=...    the next message that was accepted, without our Received line
 *     NOTHING                         no message was accepted
 *     @data                           the lines of `macros` by that name
 *
 * Lines of C: and c: that follow each other are sent together.
 */
export type Dialog = { name: string; listener: 'mx' | 'internal'; limits: Record<string, number>; steps: Step[] }
export type Step =
  | { kind: 'send'; segments: Buffer[] }
  | { kind: 'expect'; text: string }
  | { kind: 'end' | 'close' | 'nothing' }
  | { kind: 'message'; text: string }

const ehlo = [
  'C: EHLO client.example',
  'S: 250-mx.example.org',
  'S: 250-PIPELINING',
  'S: 250-SIZE 10000',
  'S: 250-8BITMIME',
  'S: 250-SMTPUTF8',
  'S: 250-ENHANCEDSTATUSCODES',
  'S: 250-DSN',
  'S: 250-CHUNKING',
  'S: 250 HELP',
]
const greeting = ['S: 220 mx.example.org ESMTP']
const mail = ['C: MAIL FROM:<a@example.com>', 'S: 250 2.1.0 sender ok']
const rcpt = ['C: RCPT TO:<b@example.org>', 'S: 250 2.1.5 recipient ok']
const data = ['C: DATA', 'S: 354 end with <CRLF>.<CRLF>']
const macros = new Map<string, string[]>([
  ['@greeting', greeting],
  ['@ehlo', [...greeting, ...ehlo]],
  ['@mail', [...greeting, ...ehlo, ...mail]],
  ['@rcpt', [...greeting, ...ehlo, ...mail, ...rcpt]],
  ['@data', [...greeting, ...ehlo, ...mail, ...rcpt, ...data]],
  ['@again', [...mail, ...rcpt, ...data]],
  ['@quit', ['C: QUIT', 'S: 221 2.0.0 mx.example.org closes the session', 'CLOSE']],
])

export function readDialogs(file: string): Dialog[] {
  const dialogs: Dialog[] = []
  for (const [number, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    if (line.startsWith('=== ')) dialogs.push({ name: line.slice(4), listener: 'mx', limits: {}, steps: [] })
    else if (line !== '' && !line.startsWith('#')) {
      for (const expanded of macros.get(line) ?? [line]) {
        if (!add(dialogs.at(-1)!, expanded)) throw new Error(`${file}:${number + 1}: what is ${JSON.stringify(line)}?`)
      }
    }
  }
  return dialogs
}

function add(dialog: Dialog, line: string): boolean {
  const { steps } = dialog
  const rest = line.slice(3)
  if (line.startsWith('C: ') || line.startsWith('c: ')) {
    const segments = `${rest}${line.startsWith('C') ? '\\r\\n' : ''}`.split('\\|').map(octets)
    const last = steps.at(-1)
    if (last?.kind !== 'send') steps.push({ kind: 'send', segments })
    else {
      const joined = Buffer.concat([last.segments.pop()!, segments[0]!])
      last.segments.push(joined, ...segments.slice(1))
    }
  } else if (line.startsWith('S: ')) {
    const last = steps.at(-1)
    if (last?.kind === 'expect') last.text += `${rest}\r\n`
    else steps.push({ kind: 'expect', text: `${rest}\r\n` })
  } else if (line === 'END' || line === 'CLOSE' || line === 'NOTHING') {
    steps.push({ kind: line.toLowerCase() as 'end' | 'close' | 'nothing' })
  } else if (line.startsWith('MESSAGE ')) steps.push({ kind: 'message', text: line.slice(8) })
  else if (line.startsWith('listener: ')) dialog.listener = line.slice(10) as 'mx' | 'internal'
  else if (line.startsWith('limits: ')) {
    const [name, value] = line.slice(8).split('=')
    dialog.limits[name!] = Number(value)
  } else return false
  return true
}

/** Text of a dialog as octets: UTF-8, with escapes, and `{n*text}` for n times text. */
function octets(text: string): Buffer {
  const repeated = text.replace(/\{(\d+)\*([^}]*)\}/g, (_, n: string, what: string) => what.repeat(Number(n)))
  const parts = repeated.split(/(\\x[0-9a-f]{2}|\\[rn0t\\])/i)
  const named: Record<string, string> = { '\\r': '\r', '\\n': '\n', '\\0': '\0', '\\t': '\t', '\\\\': '\\' }
  return Buffer.concat(
    parts.map((part) => {
      if (/^\\x/i.test(part)) return Buffer.from(part.slice(2), 'hex')
      return Buffer.from(named[part] ?? part)
    }),
  )
}
