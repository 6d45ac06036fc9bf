import { askForJson } from '../admin-client.ts'
import { askedName } from '../dns/asked-name.ts'
import { CommandError, flag, type Run } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

export const run: Run = async ({ arguments: [domain], options, terminal }) => {
  const all = flag(options, 'all')
  if (all === (domain !== undefined)) throw new CommandError('name a domain, or give --all')
  const name = domain === undefined ? null : askedName(domain)
  const body = JSON.stringify({ name })
  const { flushed } = (await askForJson(socketOf(stateDirOf(options)), 'POST', '/v1/dns/flush', body)) as {
    flushed: number
  }
  const what = name === null ? 'of all names' : `of ${name} and below it`
  terminal.out(
    flag(options, 'json')
      ? `${JSON.stringify({ name, flushed }, null, 2)}\n`
      : `${flushed} ${flushed === 1 ? 'answer' : 'answers'} ${what} forgotten\n`,
  )
  return 0
}
