import { readAddressPattern } from '../../config/patterns.ts'
import { readNetwork } from '../../config/validate-network.ts'
import { addOverlay, readOption } from '../overlay-request.ts'
import { CommandError, type Run, textOption } from '../run.ts'

export const run: Run = (invocation) => {
  const { options } = invocation
  const client = readOption(options, 'client', readNetwork)
  const sender = readOption(options, 'sender', readAddressPattern)
  const recipient = readOption(options, 'recipient', readAddressPattern)
  const listener = textOption(options, 'listener')
  if (client === null && sender === null && recipient === null && listener === null) {
    throw new CommandError('deny add: say what to refuse: --client, --sender, --recipient or --listener')
  }
  // Who may not come at all is greeted with 554 (RFC 5321 §3.1).
  const usual = sender === null && recipient === null ? 554 : 550
  const code = Number(textOption(options, 'code') ?? usual)
  const text = textOption(options, 'text') ?? 'refused for now by the operators of this gateway'
  return addOverlay(invocation, { kind: 'deny', client, sender, recipient, listener, code, text })
}
