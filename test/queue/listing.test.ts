import { expect, test } from 'vitest'
import type { QueueFilter } from '../../src/queue/listing.ts'
import { contentOf, envelopeTo, mailbox } from '../spool/messages.ts'
import { later, ok, type Rig, rig, settled } from './rig.ts'

const recipients = async (r: Rig, filter: Partial<QueueFilter>): Promise<readonly string[]> =>
  (await r.list(filter)).map(({ recipient }) => recipient)

async function filled(): Promise<Rig> {
  const r = await rig()
  await r.store(envelopeTo('a@one.example', 'b@two.example'))
  await r.store({ ...envelopeTo('A@one.example', 'c@one.example'), from: mailbox('Other@src.example') })
  await r.store({ ...envelopeTo('"x y"@two.example'), from: null })
  return r
}

for (const restarted of [false, true]) {
  test(`the queue is listed by recipient, domain, sender and state${restarted ? ', also after a restart' : ''}`, async () => {
    const r = await filled()
    if (restarted) await r.restart()
    expect(await recipients(r, {})).toEqual([
      'a@one.example',
      'b@two.example',
      'A@one.example',
      'c@one.example',
      '"x y"@two.example',
    ])
    expect(await recipients(r, { recipient: 'a@ONE.example' })).toEqual(['a@one.example', 'A@one.example'])
    expect(await recipients(r, { recipient: '"x y"@two.example' })).toEqual(['"x y"@two.example'])
    expect(await recipients(r, { domain: 'Two.Example' })).toEqual(['b@two.example', '"x y"@two.example'])
    expect(await recipients(r, { sender: 'other@src.example' })).toEqual(['A@one.example', 'c@one.example'])
    expect(await recipients(r, { sender: '<>' })).toEqual(['"x y"@two.example'])
    expect(await recipients(r, { sender: 'nobody@src.example' })).toEqual([])
    expect(await recipients(r, { sender: 'other@src.example', recipient: 'c@one.example' })).toEqual(['c@one.example'])
    expect(await recipients(r, { state: 'active' })).toEqual([])
    expect(await recipients(r, { state: 'waiting' })).toHaveLength(5)
  })
}

test('what is final is listed only when it is asked for', async () => {
  const r = await filled()
  r.carrier.take('two.example').settle([ok])
  expect(await recipients(r, { domain: 'two.example' })).toEqual(['"x y"@two.example'])
  expect(await recipients(r, { state: 'delivered' })).toEqual(['b@two.example'])
})

test('pages follow one another, and no message is cut in two', async () => {
  const r = await filled()
  const first = await r.list({ limit: 1 })
  expect(first.map(({ recipient }) => recipient)).toEqual(['a@one.example', 'b@two.example'])
  const second = await r.list({ limit: 1, after: first.at(-1)!.id })
  expect(second).toHaveLength(2)
  expect(await r.list({ after: second.at(-1)!.id })).toHaveLength(1)
  expect(await r.list({ after: 'unknown' })).toEqual([])
})

test('one message is shown with everything', async () => {
  const r = await rig()
  const id = await r.store(envelopeTo('a@one.example'), 'Subject: shown\r\n\r\n')
  const entry = r.queue.show(id)
  expect(entry?.envelope).toEqual(envelopeTo('a@one.example'))
  expect((await contentOf(entry!.body)).toString()).toBe('Subject: shown\r\n\r\n')
  expect(r.queue.show('unknown')).toBeNull()
})

test('a retry moves what the selector names and nothing else', async () => {
  const r = await filled()
  const one = r.carrier.lane('one.example')
  const two = r.carrier.lane('two.example')
  for (const lane of [one, two]) {
    for (let delivery = lane.take(); delivery !== null; delivery = lane.take()) {
      delivery.settle(delivery.recipients.map(() => later))
    }
  }
  expect(await r.retry({ recipient: 'c@one.example' })).toBe(1)
  await settled()
  expect(r.carrier.lane('one.example').ready).toBe(1)
  expect(r.carrier.lane('two.example').ready).toBe(0)
  expect(await r.retry({ domain: 'two.example' })).toBe(2)
  expect(await r.retry({ ids: ['unknown'] })).toBe(0)
  expect(await r.retry({ all: true })).toBe(5)
  await settled()
  expect(r.carrier.lane('one.example').ready).toBe(3)
})

test('a selector that names nothing moves nothing', async () => {
  const r = await filled()
  expect(await r.retry({})).toBe(0)
})

test('the counts are those of the recipients that are still here', async () => {
  const r = await filled()
  expect(r.queue.counts()).toEqual({
    messages: 3,
    waiting: 5,
    active: 0,
    held: 0,
    delivered: 0,
    failed: 0,
    discarded: 0,
  })
  r.carrier.take('one.example').settle([ok])
  r.carrier.take('two.example')
  expect(r.queue.counts()).toMatchObject({ messages: 3, delivered: 1, active: 1, waiting: 3 })
})
