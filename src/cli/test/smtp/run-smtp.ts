import type { Ending, Way } from '../../../analysis/suite-case.ts'
import { endingsOf } from '../../../analysis/suite-endings.ts'
import type { CaseResult } from '../../../analysis/suite-run.ts'
import { fateText } from '../../../analysis/suite-words.ts'
import type { Bundle } from '../../../graph/bundle.ts'
import type { Described } from '../../../graph/explanation.ts'
import { type Interpreter, interpreter } from '../../../graph/interpret.ts'
import { mailboxKey } from '../../../graph/pattern.ts'
import { type Mailbox, parseMailbox } from '../../../mail/path.ts'
import { mailboxFolder } from '../../../mailbox/folder-name.ts'
import { CommandError } from '../../run.ts'
import type { WireResult } from '../outcome.ts'
import { type Lab, openLab } from './lab.ts'
import { hostsTarget, labFolder, mxTarget, relayTarget, type Source } from './lab-graph.ts'
import { leastSize, type Submission, type Submitted, submit, unsaidHelo } from './submit.ts'

/** A case with one set of answers: what is submitted once. */
type Unit = {
  readonly result: CaseResult
  readonly ending: Ending
  readonly source: Source
  readonly submission: Omit<Submission, 'port'>
}

/** More than this is not written to a socket for a test. */
const mostBytes = 64 * 1024 * 1024
const atOnce = 10

/**
 * The same cases through real sockets: a gateway is started on loopback with stubs for relays, hosts, MX hosts and the
 * resolver, each case is submitted, and what it answers and where the message arrives is compared with what the graph
 * says. Nothing but loopback is spoken to.
 */
export async function runOverSmtp(
  { graph, sources, hash }: Bundle,
  results: readonly CaseResult[],
): Promise<WireResult[]> {
  const evaluator = interpreter(graph, sources, hash)
  const units: Unit[] = []
  const skipped = new Map<CaseResult, string>()
  for (const result of results) {
    for (const ending of result.endings) {
      const unit = unitOf(result, ending, units.length + 1, evaluator)
      if (typeof unit === 'string') skipped.set(result, unit)
      else units.push(unit)
    }
  }
  const targets = units.flatMap(({ ending: { fate } }) =>
    fate.kind === 'accepted' ? fate.finals.flatMap(({ way }) => targetOf(way) ?? []) : [],
  )
  const lab = await openLab(
    graph,
    units.map(({ source }) => source),
    targets,
  ).catch((error: Error) => {
    throw new CommandError(`--smtp: the gateway cannot be started on loopback: ${error.message}`)
  })
  try {
    const submitted = new Map<Unit, Submitted>()
    const open = [...units]
    const work = async () => {
      for (let unit = open.shift(); unit !== undefined; unit = open.shift()) {
        const port = lab.portOf(unit.result.case.message.listener)
        submitted.set(unit, await submit({ ...unit.submission, port }))
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
    await lab.settled()
    const mailboxes = await lab.mailboxes()
    const texts = new Map<CaseResult, string[]>()
    for (const unit of units) {
      const seen = await seenOf(unit, submitted.get(unit)!, lab, mailboxes)
      const wanted = wantedOf(unit.ending)
      if (seen.join('\n') === wanted.join('\n')) continue
      const text = `the graph says ${fateText(unit.ending.fate)}; over SMTP: ${seen.join('; ')}`
      texts.set(unit.result, [...(texts.get(unit.result) ?? []), text])
    }
    return results.map((result): WireResult => {
      const why = skipped.get(result)
      const differs = texts.get(result)
      if (differs !== undefined) return { case: result.case, kind: 'differs', text: differs.join('; ') }
      if (why !== undefined) return { case: result.case, kind: 'skipped', text: why }
      return { case: result.case, kind: 'same', text: fateText(result.endings[0]!.fate) }
    })
  } finally {
    await lab.close()
  }
}

/** What is submitted, or why nothing is: what cannot be said over SMTP must not make a difference. */
function unitOf(result: CaseResult, ending: Ending, test: number, evaluator: Interpreter): Unit | string {
  const { message } = result.case
  const { sender = null, recipient, sizeBytes, hops } = message
  if (test > 65_000) return 'there are more cases than loopback addresses'
  const address = `127.64.${test >> 8}.${test & 255}`
  const helo = message.helo ?? unsaidHelo
  const submission = { from: address, helo, sender, recipient, sizeBytes, hops: hops ?? 0, test }
  const { fate } = ending
  if (fate.kind === 'refused' && fate.stage === 'auth') return 'a login that is refused is not tried'
  const isSent = recipient !== null && (fate.kind === 'accepted' || fate.stage === 'data')
  if (isSent && sizeBytes !== null) {
    const least = leastSize({ ...submission, port: 0 })
    if (sizeBytes < least) return `a message of ${sizeBytes} octets has no room for its headers (${least})`
    if (sizeBytes > mostBytes) return `a message of ${sizeBytes} octets is too large to be sent for a test`
  }
  const sent: Described = {
    ...message,
    helo,
    sender,
    hops: hops ?? 0,
    sizeBytes: sizeBytes ?? leastSize({ ...submission, port: 0 }) + 8,
  }
  const said = message.sender === undefined ? 'with the sender <>, ' : ''
  const keys = message.helo === null ? '`from`, `helo`, `size` and `hops`' : '`from`, `size` and `hops`'
  // What is left out of a case is not known to the graph, and cannot be left out on the wire.
  const known = sizeBytes === null ? { ...sent, sizeBytes: null } : sent
  for (const one of [known, ...(isSent ? [sent] : [])]) {
    const [other] = endingsOf(evaluator, one, ending.answers)
    if (other === undefined || fateText(other.fate) !== fateText(fate)) {
      return `${said}as it would be sent, something else comes of it: say ${keys}`
    }
  }
  const { client, tls, login, certificate } = message
  return { result, ending, source: { client, tls, login, certificate, address, answers: ending.answers }, submission }
}

function targetOf(way: Way): string | null {
  switch (way.kind) {
    case 'relay':
      return relayTarget(way.relay)
    case 'hosts':
      return hostsTarget(way.hosts)
    case 'mx':
      return mxTarget
    default:
      return null
  }
}

/** What should be seen, in the words of `seenOf`, sorted. */
function wantedOf({ fate }: Ending): string[] {
  if (fate.kind === 'refused') {
    const at = fate.stage === 'route' ? 'rcpt' : fate.stage
    return [`refused ${fate.code} at ${at}`]
  }
  const places = fate.finals.flatMap(({ mailbox, key, way }) => {
    const target = targetOf(way)
    if (target !== null) return [`${target} for ${key}`]
    if (way.kind === 'hold') return [`held for ${key}`]
    if (way.kind === 'maildir') return [`into ${mailboxFolder(labFolder(way.dir), mailboxOf(mailbox)) ?? 'no folder'}`]
    return []
  })
  return ['accepted', ...[...new Set(places)].sort()]
}

async function seenOf(
  { submission }: Unit,
  submitted: Submitted,
  lab: Lab,
  mailboxes: ReadonlyMap<number, readonly string[]>,
): Promise<string[]> {
  switch (submitted.kind) {
    case 'broken':
      return [`nothing: ${submitted.why}`]
    case 'refused':
      return [`refused ${submitted.code} at ${submitted.at}`]
    case 'accepted': {
      const arrived = lab.arrived
        .filter(({ test }) => test === submission.test)
        .flatMap(({ target, recipients }) => recipients.map((text) => `${target} for ${mailboxKey(mailboxOf(text))}`))
      const held = submitted.id === null ? [] : await lab.held(submitted.id)
      const places = [
        ...arrived,
        ...held.map((text) => `held for ${mailboxKey(mailboxOf(text))}`),
        ...(mailboxes.get(submission.test) ?? []).map((folder) => `into ${folder}`),
      ]
      return ['accepted', ...[...new Set(places)].sort()]
    }
  }
}

function mailboxOf(text: string): Mailbox {
  const mailbox = parseMailbox(text)
  if (!mailbox.ok) throw new Error(`over SMTP came ${JSON.stringify(text)}: ${mailbox.error}`)
  return mailbox.value
}
