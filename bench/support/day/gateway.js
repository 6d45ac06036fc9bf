// A gateway whose clock is driven: node gateway.js BUNDLE STATE-DIR LOG STARTED-AT SPEED
import { createWriteStream } from 'node:fs'
import { startGateway } from '../../../dist/gateway/gateway.js'
import { fastClock } from './clock.js'

const [bundle, stateDir, logFile, startedAt, speed] = process.argv.slice(2)
const clock = fastClock({ startedAt: Number(startedAt), speed: Number(speed) })
const out = createWriteStream(logFile)
const line =
  (level) =>
  (event, fields = {}) =>
    out.write(`${JSON.stringify({ time: clock.now(), level, event, ...fields })}\n`)
const log = { debug() {}, info: line('info'), warn: line('warn'), error: line('error') }

const gateway = await startGateway({ stateDir, bundle: () => bundle, log, clock, version: 'day' })
process.on('SIGTERM', () => gateway.stop(false))
await gateway.ended
