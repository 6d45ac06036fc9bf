import { readAddress } from '../../config/validate-network.ts'
import { addOverlay } from '../overlay-request.ts'
import { CommandError, type Run } from '../run.ts'

export const run: Run = (invocation) => {
  const [text = ''] = invocation.arguments
  const client = readAddress(text)
  if (client === null) {
    throw new CommandError(`ban add: expected one address, such as 192.0.2.1, got ${text} (deny add takes blocks)`)
  }
  return addOverlay(invocation, { kind: 'ban', client })
}
