import { readFile } from 'node:fs/promises'
import { type Bundle, readBundle } from '../../graph/bundle.ts'
import { type Described, explain } from '../../graph/explanation.ts'
import { explanationText } from '../../graph/explanation-text.ts'
import type { Outcome } from '../../graph/graph.ts'
import { interpreter } from '../../graph/interpret.ts'
import { parseIp } from '../../mail/ip.ts'
import { parseMailbox } from '../../mail/path.ts'
import type { Result } from '../../mail/result.ts'
import { parseSize } from '../../mail/size.ts'
import { askForJson } from '../admin-client.ts'
import { bundleOf } from '../bundle.ts'
import { CommandError, flag, type Invocation, type Run, textOption } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

export const run: Run = async ({ options, terminal }) => {
  const bundle = flag(options, 'running') ? await runningBundle(options) : await bundleOf(options, terminal)
  const explanation = explain(
    interpreter(bundle.graph, bundle.sources, bundle.hash),
    described(options, bundle),
    assumptions(options),
  )
  terminal.out(flag(options, 'json') ? `${JSON.stringify(explanation, null, 2)}\n` : explanationText(explanation))
  return 0
}

/** The graph that serves now, as it was handed to the gateway. */
async function runningBundle(options: Invocation['options']): Promise<Bundle> {
  const { bundle } = (await askForJson(socketOf(stateDirOf(options)), 'GET', '/graph')) as { bundle: string }
  return wanted('graph', readBundle(await readFile(bundle, 'utf8')))
}

function described(options: Invocation['options'], { graph }: Bundle): Described {
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
    listener,
    client: wanted('client', parseIp(textOption(options, 'client') ?? '127.0.0.1')),
    sender: from === null ? undefined : from === '<>' || from === '' ? null : wanted('from', parseMailbox(from)),
    recipient: to === null ? null : wanted('to', parseMailbox(to)),
    sizeBytes: size === null ? null : wanted('size', parseSize(size)),
    hops: hops === null ? null : Number(hops),
  }
}

const outcomes: readonly Outcome[] = ['listed', 'clear', 'error']

function assumptions(options: Invocation['options']): ReadonlyMap<string, Outcome> {
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

function wanted<T>(option: string, result: Result<T>): T {
  if (!result.ok) throw new CommandError(`--${option}: ${result.error}`)
  return result.value
}
