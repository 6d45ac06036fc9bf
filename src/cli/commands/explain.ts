import { explain } from '../../graph/explanation.ts'
import { explanationText } from '../../graph/explanation-text.ts'
import { parseIp } from '../../mail/ip.ts'
import { leavingAddresses, leavingLine, standIn, standInLine } from '../explain/address-lines.ts'
import { assumedAnswers, describedMessage, wanted } from '../explain/described.ts'
import { followed, followedText } from '../explain/follow.ts'
import { explainedIdText, explainId } from '../explain/message.ts'
import { comparedText, compareExplanations } from '../explain/parting.ts'
import { chosenSide, namedSide, runningSide, type Side } from '../explain/sides.ts'
import { tlsLines } from '../explain/tls-words.ts'
import { CommandError, flag, type Invocation, type Run, textOption } from '../run.ts'

export const run: Run = async (invocation) => {
  const { options, terminal } = invocation
  const [result, text] = await explained(invocation)
  terminal.out(flag(options, 'json') ? `${JSON.stringify(result, null, 2)}\n` : text)
  return 0
}

/** What is printed as JSON, and as text. */
async function explained(invocation: Invocation): Promise<readonly [unknown, string]> {
  const { arguments: ids, options, terminal } = invocation
  const [id] = ids
  if (id !== undefined) return await byId(id, invocation)

  const side = await chosenSide(options, terminal)
  const described = describedMessage(options, side.bundle)
  const { control } = side.evaluator
  const message = { ...described, recipient: standIn(described.recipient, control) }
  const answers = assumedAnswers(options)
  if (flag(options, 'follow')) {
    if (message.recipient === null)
      throw new CommandError('--follow: say --to, as a message without a recipient goes nowhere')
    const others = (options['with'] as readonly string[] | undefined) ?? []
    const gateways: Side[] = [side]
    for (const name of others) gateways.push(await namedSide(name, options, terminal))
    const address = textOption(options, 'fromAddress')
    const fromAddress = address === null ? null : wanted('from-address', parseIp(address))
    const way = followed(side, { ...message, sender: message.sender ?? null }, { gateways, answers, fromAddress })
    return [way, followedText(way)]
  }
  const explanation = explain(side.evaluator, message, answers)
  const named = textOption(options, 'base')
  if (named === null) {
    const tls = tlsLines(explanation, side.evaluator, message.sender ?? null)
    const leaves = leavingAddresses(explanation, side.evaluator, side.bundle.sources, message.sender ?? null)
    const stands = message.recipient === described.recipient ? [] : [standInLine(described.recipient!)]
    const lines = [...leaves.map(leavingLine), ...tls, ...stands].map((line) => `${line}\n`)
    return [{ ...explanation, leaves }, [explanationText(explanation), ...lines].join('')]
  }
  const base = await namedSide(named, options, terminal)
  const compared = compareExplanations(explain(base.evaluator, message, answers), explanation)
  return [compared, comparedText(compared, { base: base.name, next: side.name })]
}

/** A message that the gateway knows: by its active graph, and by the one that is proposed. */
async function byId(id: string, { options, terminal }: Invocation): Promise<readonly [unknown, string]> {
  const isProposed = textOption(options, 'config') !== null || textOption(options, 'graph') !== null
  const sides = [await runningSide(options), ...(isProposed ? [await chosenSide(options, terminal)] : [])]
  const known = await explainId(id, options, sides)
  return [known, explainedIdText(known, Date.now())]
}
