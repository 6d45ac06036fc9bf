// A day of a bad internet in minutes: 20,000 messages to 500 domains of which most are ill in some way, with a clock that
// is driven (`support/day`). Every message must end delivered or with a notification, and mail to healthy domains must not
// wait for the others: its waits are printed beside those of the same mail on a day without the ill ones.
//   node bench/bad-day.js [--messages 20000] [--domains 500] [--speed 180] [--hours 10] [--per-second 250] [--quick] [--json]
import { join } from 'node:path'
import { badDay } from './support/day/bad-day.js'
import { percentile } from './support/evil.js'
import { given, option, report, table } from './support/figures.js'
import { benchFolder } from './support/folder.js'

const quick = given('quick')
const number = (name, usual, small) => Number(option(name) ?? (quick ? small : usual))
const domains = number('domains', 500, 50)
const messages = number('messages', 20_000, 1000)
const options = {
  domains,
  messages,
  speed: number('speed', 180, 180),
  hours: number('hours', 10, 1),
  perSecond: number('per-second', 250, 100),
}
/** A healthy next hop sees no delay: what it waits on a good day, and a second beside it. */
const barMs = 1000

const folder = join(benchFolder(), 'day')
const onStep = given('json') || !process.stderr.isTTY ? () => {} : (text) => console.error(text)
const bad = await badDay({ ...options, folder: join(folder, 'bad'), onStep })
const healthyShare = bad.rows.find(({ kind }) => kind === 'healthy').delivered
const good = await badDay({ ...options, messages: healthyShare, only: 'healthy', folder: join(folder, 'good') })

const waits = ({ waitsMs }, share) => Math.round(percentile(waitsMs, share))
const healthy = bad.rows.find(({ kind }) => kind === 'healthy')
const alone = good.rows.find(({ kind }) => kind === 'healthy')
const faults = [...bad.wrong, ...bad.refused, ...bad.strange, ...bad.bugs]
const p99Ms = waits(healthy, 0.99)
const reached = faults.length === 0 && bad.inClear === 0 && p99Ms <= barMs
report(
  {
    ...options,
    ...bad,
    rows: bad.rows.map(({ waitsMs, ...row }) => row),
    p99Ms,
    aloneP99Ms: waits(alone, 0.99),
    reached,
  },
  () =>
    `${table(
      ['domains', 'delivered', 'failed, sender told', 'median wait (h of the day)'],
      bad.rows.map((row) => [
        row.text,
        row.delivered,
        row.failed,
        row.waitsMs.length === 0 ? '-' : ((waits(row, 0.5) * options.speed) / 3_600_000).toFixed(2),
      ]),
    )}\n` +
    `${messages} messages, ${bad.wrong.length} with a wrong end, ${bad.doubled} arrived twice, ${bad.delayed} warnings of delay, ` +
    `${bad.reportsTwice} failures told twice, ${bad.inClear} commands in clear where TLS was owed\n` +
    `mail to healthy domains waits ${waits(healthy, 0.5)} ms (median), ${p99Ms} ms (99th percentile; bar ${barMs}); ` +
    `without the ill ones ${waits(alone, 0.5)} and ${waits(alone, 0.99)} ms: ${reached ? 'reached' : 'MISSED'}` +
    (faults.length === 0 ? '' : `\n${faults.slice(0, 20).join('\n')}`),
)
process.exitCode = reached ? 0 : 1
