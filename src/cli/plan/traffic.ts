import { createReadStream } from 'node:fs'
import { request } from 'node:http'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { openReplay } from '../../analysis/replay.ts'
import { parseDuration } from '../../mail/duration.ts'
import { parseEnvelopeLine } from '../../mail/envelope-record.ts'
import { CommandError, type Invocation, textOption } from '../run.ts'
import { durationText } from '../text.ts'
import type { PlanReplay } from './plan.ts'
import type { Planned } from './planned.ts'

/** Recorded envelopes, a line of NDJSON each, and what they are called. */
export type Traffic = { readonly source: string; readonly open: () => Promise<Readable> }

/** What `--replay` and `--replay-file` name; `null` without them. */
export function trafficOf(options: Invocation['options'], socket: string, now: number): Traffic | null {
  const age = textOption(options, 'replay')
  const file = textOption(options, 'replayFile')
  if (age !== null && file !== null) throw new CommandError('give --replay or --replay-file, not both')
  if (file !== null) {
    return {
      source: file,
      open: async () => {
        const stream = createReadStream(file)
        await new Promise((resolve, reject) => stream.once('open', resolve).once('error', reject)).catch(
          (error: Error) => {
            throw new CommandError(`--replay-file: the envelopes cannot be read: ${error.message}`)
          },
        )
        return stream
      },
    }
  }
  if (age === null) return null
  const duration = parseDuration(age)
  if (!duration.ok) throw new CommandError(`--replay: ${duration.error}`)
  return {
    source: `the last ${durationText(duration.value)}`,
    open: () => envelopesOfGateway(socket, now - duration.value),
  }
}

/** Weighs a plan with traffic, line by line: a week may be gigabytes. Lines that are no records are counted. */
export async function replayed({ plan, before, after }: Planned, { source, open }: Traffic): Promise<PlanReplay> {
  const running = openReplay(before.bundle, after.bundle, plan.changeSet)
  let damaged = 0
  for await (const line of createInterface({ input: await open(), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line === '') continue
    const records = parseEnvelopeLine(line)
    if (records.length === 0) damaged++
    for (const record of records) running.add(record)
  }
  const result = running.result()
  const unknown = { ...result.unknown, unreadable: result.unknown.unreadable + damaged }
  return { ...result, records: result.records + damaged, unknown, source }
}

function envelopesOfGateway(socketPath: string, since: number): Promise<Readable> {
  return new Promise((resolve, reject) => {
    const path = `/v1/envelopes?since=${since}`
    const asked = request({ socketPath, method: 'GET', path }, (answer) => {
      if (answer.statusCode === 200) resolve(answer)
      else {
        answer.resume()
        reject(new CommandError(`--replay: the gateway answered ${answer.statusCode}; it may keep no envelope log`))
      }
    })
    asked.on('error', (error) => {
      reject(new CommandError(`--replay: cannot reach the gateway at ${socketPath}: ${error.message}`))
    })
    asked.end()
  })
}
