import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Rates } from '../../src/gateway/rates.ts'
import { keepRates } from '../../src/gateway/rates-file.ts'
import { bareLine } from '../../src/graph/evaluator.ts'
import type { RateOracle } from '../../src/graph/graph.ts'
import type { OracleFacts } from '../../src/ingress/inquiry.ts'
import { systemClock } from '../../src/mail/clock.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { type LogFields, silentLog } from '../../src/mail/log.ts'
import { tempFolder } from '../support/peer.ts'

const daily: RateOracle = { kind: 'rate', id: 'staff', of: 'recipients', most: 2, perMs: 86_400_000, by: 'login' }
const minutely: RateOracle = { ...daily, perMs: 60_000 }
const ann: OracleFacts = {
  ...bareLine,
  login: 'ann@example.com',
  listener: 'users',
  client: '10.0.0.1' as IpAddress,
  sender: null,
  recipient: null,
  sizeBytes: null,
}

test('a quota of a day outlives a restart, one of a minute need not', async () => {
  const file = join(tempFolder(), 'rates.ndjson')
  const now = Date.now()
  const before = new Rates()
  const kept = await keepRates(file, before, systemClock, silentLog)
  for (let i = 0; i < 2; i++) {
    expect(before.isOver(daily, ann, now, false)).toBe(false)
    expect(before.isOver(minutely, ann, now, false)).toBe(false)
  }
  await kept.close()
  const after = new Rates()
  await (await keepRates(file, after, systemClock, silentLog)).close()
  expect(after.isOver(daily, ann, now, false)).toBe(true)
  expect(after.isOver(minutely, ann, now, false)).toBe(false)
  expect(after.isOver(daily, ann, now + 90_000_000, false)).toBe(false)
})

test.each([
  ['no JSON', 'nonsense\n'],
  ['no counter', '{"key":"a","perMs":86400000,"slots":[1]}\n'],
  ['no numbers', '{"key":"a","perMs":86400000,"slots":["x",1]}\n'],
])('a file with %s is told, begun anew, and keeps no gateway from its start', async (_, text) => {
  const file = join(tempFolder(), 'rates.ndjson')
  writeFileSync(file, text)
  const told: LogFields[] = []
  const rates = new Rates()
  const kept = await keepRates(file, rates, systemClock, {
    ...silentLog,
    warn: (event, fields) => told.push({ event, ...fields }),
  })
  expect(told).toMatchObject([{ event: 'rates.unreadable', file }])
  expect(rates.size).toBe(0)
  rates.isOver(daily, ann, Date.now(), false)
  await kept.close()
  expect(readFileSync(file, 'utf8')).toContain('ann@example.com')
})

test('nothing is written where nothing was counted', async () => {
  const file = join(tempFolder(), 'rates.ndjson')
  await (await keepRates(file, new Rates(), systemClock, silentLog)).close()
  expect(existsSync(file)).toBe(false)
})
