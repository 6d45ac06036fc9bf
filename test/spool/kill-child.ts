import { writeSync } from 'node:fs'
import { systemClock } from '../../src/mail/clock.ts'
import { silentLog } from '../../src/mail/log.ts'
import { openSpool } from '../../src/queue/spool.ts'
import { bodyOf, envelopeTo } from './messages.ts'

/**
 * Stores messages as fast as it can and delivers every second one, until it is killed. Tells by blocking writes:
 * `offer ID SIZE`, `stored ID`, `deliver ID` (about to be marked), `marked ID` (the mark was written).
 */
const [, , dir = ''] = process.argv
const { spool } = await openSpool({
  dir,
  clock: systemClock,
  log: silentLog,
  segmentBytes: 1024 * 1024,
  pieceBytes: 32 * 1024,
})
const say = (text: string): void => void writeSync(1, `${text}\n`)
let count = 0

spool.sink = {
  stored(entry) {
    if (++count % 2 === 0) return
    say(`deliver ${entry.id}`)
    spool.done(entry)
    queueMicrotask(() => queueMicrotask(() => say(`marked ${entry.id}`)))
  },
}

function next(): void {
  const size = [100, 2000, 2000, 5000, 40_000, 200_000][Math.floor(Math.random() * 6)] as number
  const intake = spool.begin(() => {})
  if (intake === null) {
    setTimeout(next, 5)
    return
  }
  say(`offer ${intake.id} ${size}`)
  const body = bodyOf(intake.id, size)
  for (let at = 0; at < size; at += 20_000) intake.write(body.subarray(at, at + 20_000))
  intake.commit(envelopeTo('a@example.com', 'b@example.com'), { dots: false, eightBit: false }, (error) => {
    if (error !== null) throw error
    say(`stored ${intake.id}`)
    setImmediate(next)
  })
}

say('ready')
for (let i = 0; i < 20; i++) next()
