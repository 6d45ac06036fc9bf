import type { Bundle } from '../../graph/bundle.ts'
import type { Line } from '../../graph/evaluator.ts'
import type { Described } from '../../graph/explanation.ts'
import type { Outcome } from '../../graph/graph.ts'
import { parseIp } from '../../mail/ip.ts'
import { parseFingerprint, parseHelo, parseLogin } from '../../mail/line-facts.ts'
import { parseMailbox } from '../../mail/path.ts'
import type { Result } from '../../mail/result.ts'
import type { ListenerSettings } from '../../mail/settings.ts'
import { parseSize } from '../../mail/size.ts'
import { CommandError, flag, type Invocation, textOption } from '../run.ts'

type Options = Invocation['options']

/** The message that the options describe. */
export function describedMessage(options: Options, { graph }: Bundle): Described {
  const { listeners } = graph.control
  const names = listeners.map(({ name }) => name)
  const listener = textOption(options, 'listener') ?? names[0] ?? ''
  if (!names.includes(listener)) {
    throw new CommandError(`--listener: expected one of ${names.join(', ')}, got ${listener}`)
  }
  const from = textOption(options, 'from')
  const to = textOption(options, 'to')
  const size = textOption(options, 'size')
  const hops = textOption(options, 'hops')
  if (hops !== null && !/^\d{1,6}$/.test(hops)) throw new CommandError(`--hops: expected a whole number, got ${hops}`)
  return {
    ...describedLine(
      options,
      listeners.find(({ name }) => name === listener),
    ),
    listener,
    client: wanted('client', parseIp(textOption(options, 'client') ?? '127.0.0.1')),
    sender: from === null ? undefined : from === '<>' || from === '' ? null : wanted('from', parseMailbox(from)),
    recipient: to === null ? null : wanted('to', parseMailbox(to)),
    sizeBytes: size === null ? null : wanted('size', parseSize(size)),
    hops: hops === null ? null : Number(hops),
  }
}

/** A certificate comes over TLS, and so does everything at a listener of implicit TLS. */
function describedLine(options: Options, listener: ListenerSettings | undefined): Line {
  const read = (option: string, parse: (text: string) => Result<string>): string | null => {
    const text = textOption(options, option)
    return text === null ? null : wanted(option, parse(text))
  }
  const certificate = read('cert', parseFingerprint)
  return {
    tls: flag(options, 'tls') || certificate !== null || listener?.tls?.mode === 'implicit',
    login: read('login', parseLogin),
    certificate,
    helo: read('helo', parseHelo),
  }
}

const outcomes: readonly Outcome[] = ['listed', 'clear', 'error']

/** What `--assume` says of oracles. */
export function assumedAnswers(options: Options): ReadonlyMap<string, Outcome> {
  const assumed = new Map<string, Outcome>()
  for (const text of (options['assume'] as readonly string[] | undefined) ?? []) {
    const [oracle = '', said = ''] = text.split('=')
    const outcome = outcomes.find((one) => one === said)
    if (outcome === undefined) {
      throw new CommandError(`--assume: expected ORACLE=listed, clear or error, such as dnsbl.zen=listed, got ${text}`)
    }
    assumed.set(oracle, outcome)
  }
  return assumed
}

export function wanted<T>(option: string, result: Result<T>): T {
  if (!result.ok) throw new CommandError(`--${option}: ${result.error}`)
  return result.value
}
