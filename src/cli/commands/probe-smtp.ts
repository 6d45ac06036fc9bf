import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname as machineName } from 'node:os'
import { readSecret } from '../../credentials/secret.ts'
import { parseDuration } from '../../mail/duration.ts'
import { parseIp } from '../../mail/ip.ts'
import { parseMailbox } from '../../mail/path.ts'
import { parseSize } from '../../mail/size.ts'
import { exitCodeOf } from '../probe/exit-code.ts'
import { type Probed, probe } from '../probe/probe.ts'
import { messageOfFile, ownMessage, type ProbeMessage } from '../probe/probe-message.ts'
import { probedText } from '../probe/probe-text.ts'
import { type ProbeMechanism, probeMechanisms, type Script, type Transaction } from '../probe/talk.ts'
import { deliveryTarget, namedTarget, type Target } from '../probe/target.ts'
import { CommandError, flag, type Invocation, type Run, textOption } from '../run.ts'

type Options = Invocation['options']

/** Of a message that a probe makes up. */
const mostBytes = 256 * 1024 * 1024

export const run: Run = async ({ arguments: [host], options, terminal }) => {
  const mx = textOption(options, 'mx')
  if ((host === undefined) === (mx === null)) throw new CommandError('name a host, or a domain by --mx')
  const level = tlsOf(options)
  const login = await loginOf(options)
  const target =
    mx === null
      ? await namedTarget(host!, level?.tls === 'implicit' ? 465 : 25)
      : await deliveryTarget(mx, options, terminal)
  const hostname = nameOf(options)
  const script: Script = {
    hostname,
    hello: flag(options, 'helo') ? 'HELO' : 'EHLO',
    ...(level ?? target.tls ?? { tls: 'may', verify: false }),
    ca: caOf(options),
    login,
    transaction: transactionOf(options, hostname),
    proxy: proxyOf(options),
    timeoutMs: timeoutOf(options),
  }
  const probed = await inTurn(target, script)
  const last = probed.at(-1)!
  const exitCode = exitCodeOf(last.result, login?.mechanism ?? null)
  if (flag(options, 'json')) {
    terminal.out(`${JSON.stringify({ target: target.why, hosts: probed, exitCode }, null, 2)}\n`)
  } else {
    if (mx !== null) terminal.out(`${mx}: ${target.why}\n`)
    terminal.out(probed.map(probedText).join('\n'))
  }
  return exitCode
}

/** Host by host, as a delivery does: the next one where no session came about. */
async function inTurn({ hosts }: Target, script: Script): Promise<readonly Probed[]> {
  const all: Probed[] = []
  for (const host of hosts) {
    const probed = await probe(host, script)
    all.push(probed)
    const { result } = probed
    if (result.kind === 'ok' || !['connect', 'tls', 'hello'].includes(result.step)) break
  }
  return all
}

function tlsOf(options: Options): Pick<Script, 'tls' | 'verify'> | null {
  const word = textOption(options, 'tls')
  const verify = flag(options, 'verify')
  switch (word) {
    case null:
      return verify ? { tls: 'starttls', verify } : null
    case 'none':
      if (verify) throw new CommandError('--verify: without TLS there is no certificate')
      return { tls: 'none', verify: false }
    case 'starttls':
    case 'implicit':
      return { tls: word, verify }
    case 'verify':
      return { tls: 'starttls', verify: true }
    default:
      throw new CommandError(`--tls: expected none, starttls, implicit or verify, got ${JSON.stringify(word)}`)
  }
}

async function loginOf(options: Options): Promise<Script['login']> {
  const [auth, user, secret] = ['auth', 'user', 'secret'].map((name) => textOption(options, name))
  if (auth == null) {
    if (user != null || secret != null) throw new CommandError('--user and --secret want --auth beside them')
    return null
  }
  const mechanism = auth.toUpperCase() as ProbeMechanism
  if (!probeMechanisms.includes(mechanism)) {
    throw new CommandError(`--auth: expected one of ${probeMechanisms.join(', ')}, got ${JSON.stringify(auth)}`)
  }
  if (user == null) throw new CommandError('--auth wants --user beside it')
  if (secret == null)
    throw new CommandError(
      '--auth wants --secret env:NAME or file:/path beside it: secrets do not stand on command lines',
    )
  if (/[\x00-\x1f\x7f]/.test(user)) throw new CommandError('--user: expected a name without control characters')
  const { value } = await readSecret(secret).catch((error: Error) => {
    throw new CommandError(`--secret: ${error.message}`)
  })
  return { mechanism, user, secret: value }
}

function transactionOf(options: Options, hostname: string): Transaction | null {
  const from = textOption(options, 'from')
  const to = (options['to'] as readonly string[] | undefined) ?? []
  const rcptOnly = flag(options, 'rcptOnly')
  const [file, size] = [textOption(options, 'message'), textOption(options, 'size')]
  if (from === null && to.length === 0) {
    if (file !== null || size !== null || rcptOnly) {
      throw new CommandError('--message, --size and --rcpt-only want --from and --to beside them')
    }
    return null
  }
  if (from === null) throw new CommandError('a recipient wants a sender: --from ADDRESS, or --from "<>"', 4)
  if (to.length === 0) throw new CommandError('a sender wants a recipient: --to ADDRESS', 5)
  if (file !== null && size !== null)
    throw new CommandError('either --message or --size: a file has the size that it has')
  if (rcptOnly && (file !== null || size !== null)) throw new CommandError('--rcpt-only sends no message')
  const sender = from === '' || from === '<>' ? '' : addressOf(from, '--from')
  const recipients = to.map((one) => addressOf(one, '--to'))
  if (rcptOnly) return { from: sender, to: recipients, message: null }
  const parts = { from: sender, to: recipients, hostname, now: Date.now(), id: randomUUID() }
  const message = file === null ? ownMessage({ ...parts, sizeBytes: sizeOf(size) }) : fileMessage(file)
  return { from: sender, to: recipients, message }
}

function fileMessage(file: string): ProbeMessage {
  try {
    return messageOfFile(file)
  } catch (error) {
    throw new CommandError(`--message: ${(error as Error).message}`)
  }
}

function addressOf(text: string, where: string): string {
  const mailbox = parseMailbox(text)
  if (!mailbox.ok) throw new CommandError(`${where}: ${mailbox.error}`)
  return mailbox.value.text
}

function sizeOf(text: string | null): number | null {
  if (text === null) return null
  const size = /^\d+$/.test(text) ? { ok: true as const, value: Number(text) } : parseSize(text)
  if (!size.ok) throw new CommandError(`--size: ${size.error}`)
  if (size.value > mostBytes) throw new CommandError('--size: expected at most 256MiB')
  return size.value
}

/** A name that a host may look up; without a dot many refuse it. */
function nameOf(options: Options): string {
  const name = textOption(options, 'ehlo') ?? machineName()
  if (!/^[A-Za-z0-9_.:[\]-]{1,255}$/.test(name))
    throw new CommandError(`--ehlo: expected a host name, got ${JSON.stringify(name)}`)
  return name
}

function caOf(options: Options): string | undefined {
  const file = textOption(options, 'ca')
  if (file === null) return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CommandError(`--ca: ${(error as Error).message}`)
  }
}

function proxyOf(options: Options): string | null {
  const text = textOption(options, 'proxy')
  if (text === null) return null
  const address = parseIp(text)
  if (!address.ok) throw new CommandError(`--proxy: ${address.error}`)
  return address.value
}

function timeoutOf(options: Options): number {
  const text = textOption(options, 'timeout')
  if (text === null) return 30_000
  const time = parseDuration(text)
  if (!time.ok) throw new CommandError(`--timeout: ${time.error}`)
  return time.value
}
