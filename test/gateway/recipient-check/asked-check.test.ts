import { expect, test } from 'vitest'
import { AskedCheck } from '../../../src/gateway/recipient-check/asked-check.ts'
import type { Known } from '../../../src/gateway/recipient-check/asker.ts'
import type { LogFields } from '../../../src/mail/log.ts'
import { silentLog } from '../../../src/mail/log.ts'
import type { RecipientCheckSettings } from '../../../src/mail/recipient-check.ts'
import { HandClock } from '../../support/hand-clock.ts'
import { mailbox } from './support.ts'

const settings: RecipientCheckSettings = {
  id: 'staff',
  domains: ['example.test'],
  kind: 'callout',
  perMinute: 10,
  timeoutMs: 5000,
  positiveMs: 3_600_000,
  negativeMs: 60_000,
  staleMs: 86_400_000,
  entries: 3,
}

/** A check whose asker answers as `say` does; it writes down whom it was asked about. */
function check(say: (address: string, signal: AbortSignal) => Promise<Known>) {
  const clock = new HandClock()
  const asked: string[] = []
  const lines: [string, LogFields | undefined][] = []
  const told = (event: string, fields?: LogFields) => void lines.push([event, fields])
  const one = new AskedCheck(
    settings,
    {
      ask({ text }, signal) {
        asked.push(text)
        return say(text, signal)
      },
      close() {},
    },
    { clock, log: { ...silentLog, info: told, warn: told } },
  )
  return { one, clock, asked, lines }
}

const exists: Known = { kind: 'exists', reason: 'it is there' }
const unknown: Known = { kind: 'unknown', reason: 'it is not' }
const ann = mailbox('ann@example.test')

test('who exists is remembered for `positive`, and is not asked about meanwhile', async () => {
  const { one, clock, asked } = check(async () => exists)
  await one.ask(ann)
  clock.pass(settings.positiveMs - 1)
  expect(one.ask(mailbox('Ann@example.test'))).toMatchObject({
    kind: 'exists',
    remembered: clock.time - settings.positiveMs + 1,
  })
  clock.pass(1)
  await one.ask(ann)
  expect(asked).toEqual(['ann@example.test', 'ann@example.test'])
})

test('who does not exist is remembered for `negative`, which is shorter: new mailboxes get their mail soon', async () => {
  const { one, clock, asked } = check(async () => unknown)
  await one.ask(ann)
  clock.pass(settings.negativeMs - 1)
  expect(one.ask(ann)).toMatchObject({ kind: 'unknown' })
  clock.pass(1)
  expect(await one.ask(ann)).toMatchObject({ kind: 'unknown', remembered: null })
  expect(asked).toHaveLength(2)
})

test('while nobody can be asked, who existed lately still does, until `stale` is over; who did not is not known', async () => {
  let isDown = false
  const { one, clock } = check(async (address) => {
    if (isDown) throw new Error('the directory is down')
    return address.startsWith('ann') ? exists : unknown
  })
  await one.ask(ann)
  await one.ask(mailbox('bob@example.test'))
  isDown = true
  clock.pass(settings.positiveMs)
  expect(await one.ask(ann)).toMatchObject({ kind: 'exists', reason: 'it is there; now the directory is down' })
  expect(await one.ask(mailbox('bob@example.test'))).toEqual({
    kind: 'error',
    reason: 'the directory is down',
    remembered: null,
  })
  clock.pass(settings.staleMs)
  expect(await one.ask(ann)).toMatchObject({ kind: 'error' })
})

test('an error is not remembered: the next client asks again', async () => {
  let answers = 0
  const { one, asked } = check(async () => {
    if (++answers === 1) throw new Error('not now')
    return exists
  })
  expect(await one.ask(ann)).toMatchObject({ kind: 'error', reason: 'not now' })
  expect(await one.ask(ann)).toMatchObject({ kind: 'exists' })
  expect(asked).toHaveLength(2)
})

test('the same question at the same moment is asked once, and all hear its answer', async () => {
  let answer: (known: Known) => void = () => {}
  const { one, asked } = check(() => new Promise((resolve) => (answer = resolve)))
  const both = [one.ask(ann), one.ask(mailbox('ANN@example.test'))]
  await Promise.resolve()
  answer(exists)
  expect(await Promise.all(both)).toMatchObject([{ kind: 'exists' }, { kind: 'exists' }])
  expect(asked).toHaveLength(1)
})

test('no answer within the time is an error, and whoever was asked is told to let go', async () => {
  let letGo = false
  const { one, clock } = check(
    (_, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          letGo = true
          reject(new Error('cut'))
        })
      }),
  )
  const waiting = one.ask(ann)
  await Promise.resolve()
  clock.pass(settings.timeoutMs)
  expect(await waiting).toMatchObject({ kind: 'error', reason: 'no answer within 5 s' })
  expect(letGo).toBe(true)
})

test('when memory is full those who do not exist go first: an attack pushes out no recipient of ours', async () => {
  const { one } = check(async (address) => (address.startsWith('x') ? unknown : exists))
  for (const name of ['ann', 'x1', 'x2', 'x3', 'x4', 'bob', 'carol', 'dave'])
    await one.ask(mailbox(`${name}@example.test`))
  expect([...one.memory.list()].map(({ address }) => address.split('@')[0])).toEqual(['bob', 'carol', 'dave'])
  await one.ask(mailbox('x5@example.test'))
  expect([...one.memory.list()].map(({ address }) => address.split('@')[0])).toEqual(['bob', 'carol', 'dave'])
})

test('a directory that is down is one line in the log, not one for each recipient', async () => {
  let isDown = true
  const { one, clock, lines } = check(async () => {
    if (isDown) throw new Error('connection refused')
    return exists
  })
  for (const name of ['a', 'b', 'c']) await one.ask(mailbox(`${name}@example.test`))
  expect(lines).toEqual([['recipients.failing', { check: 'staff', why: 'connection refused' }]])
  isDown = false
  clock.pass(10_000)
  await one.ask(ann)
  expect(lines.at(-1)).toEqual(['recipients.ok', { check: 'staff' }])
  expect(one.health.counts).toEqual({ exists: 1, unknown: 0, error: 3, remembered: 0 })
})

test('what is flushed is asked about again: one address, a domain, or all', async () => {
  const { one, asked } = check(async () => exists)
  for (const address of ['ann@example.test', 'bob@example.test', 'ann@other.test']) await one.ask(mailbox(address))
  expect(one.forget({ kind: 'address', mailbox: mailbox('ANN@example.test') })).toBe(1)
  expect(one.forget({ kind: 'domain', domain: 'other.test' })).toBe(1)
  expect(one.forget({ kind: 'all' })).toBe(1)
  await one.ask(ann)
  expect(asked.at(-1)).toBe('ann@example.test')
  expect(asked).toHaveLength(4)
})
