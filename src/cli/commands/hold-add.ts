import { readDomainPattern } from '../../config/patterns.ts'
import { addOverlay, readOption } from '../overlay-request.ts'
import { CommandError, type Run, textOption } from '../run.ts'

export const run: Run = (invocation) => {
  const { options } = invocation
  const domain = readOption(options, 'domain', readDomainPattern)
  // As `queue list` prints it, digest and all, or without.
  const nextHop = textOption(options, 'nextHop')?.replace(/#.*$/, '') ?? null
  if ((domain === null) === (nextHop === null)) throw new CommandError('hold add: give --domain or --next-hop')
  return addOverlay(invocation, { kind: 'hold', domain, nextHop })
}
