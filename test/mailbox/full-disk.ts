import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { silentLog } from '../../src/mail/log.ts'
import { createMaildirCarrier } from '../../src/mailbox/maildir-carrier.ts'
import { message, testLane } from '../egress/lane.ts'

// Run on a file system of 64 KiB (see maildir-carrier.test.ts): delivers a message that does not fit, then one that does.
const [dir = ''] = process.argv.slice(2)
const clock = { now: () => 0, setTimeout: () => ({ cancel() {} }) }
const carrier = createMaildirCarrier({ hostname: 'gw.test', clock, log: silentLog })
const lane = testLane({ kind: 'maildir', key: 'maildir', dir })
const to = ['bob@example.com']
lane.add(message({ id: 'LARGE', to, content: `${'x'.repeat(98)}\r\n`.repeat(2000) }))
lane.add(message({ id: 'SPOOLED', to, content: `${'x'.repeat(98)}\r\n`.repeat(2000), spooled: true }))
carrier.wake(lane)
await lane.until(() => lane.settled.length === 2)
lane.add(message({ id: 'SMALL', to }))
carrier.wake(lane)
await lane.until(() => lane.settled.length === 3)
const outcomes = lane.settled.map(
  ({ entry, attempts }) => `${entry.id} ${attempts[0]?.reply?.code} ${attempts[0]?.status}`,
)
const files = ['tmp', 'new'].map((name) => readdirSync(join(dir, 'example.com', 'bob', name)))
console.log(JSON.stringify({ outcomes: outcomes.sort(), files }))
