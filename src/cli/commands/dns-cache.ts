import type { CacheAnswer } from '../../admin/dns-operations.ts'
import { askForJson } from '../admin-client.ts'
import { askedName } from '../dns/asked-name.ts'
import { cacheText } from '../dns/cache-text.ts'
import { flag, type Run, textOption } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

export const run: Run = async ({ arguments: [domain], options, terminal }) => {
  const query = new URLSearchParams()
  if (domain !== undefined) query.set('name', askedName(domain))
  for (const name of ['limit', 'after']) {
    const value = textOption(options, name)
    if (value !== null) query.set(name, value)
  }
  const answer = (await askForJson(socketOf(stateDirOf(options)), 'GET', `/v1/dns/cache?${query}`)) as CacheAnswer
  terminal.out(flag(options, 'json') ? `${JSON.stringify(answer, null, 2)}\n` : cacheText(answer))
  return 0
}
