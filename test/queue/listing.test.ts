import { expect, test } from 'vitest'
import { contentOf, envelopeTo, mailbox } from '../spool/messages.ts'
import { anything, later, ok, type Rig, rig, settled } from './rig.ts'

const recipients = (r: Rig, filter: Partial<typeof anything> | Record<string, unknown>): readonly string[] =>
  r.queue.list({ ...anything, ...filter }).map(({ recipient }) => recipient)

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
    expect(recipients(r, {})).toEqual([
      'a@one.example',
      'b@two.example',
      'A@one.example',
      'c@one.example',
      '"x y"@two.example',
    ])
    expect(recipients(r, { recipient: 'a@ONE.example' })).toEqual(['a@one.example', 'A@one.example'])
    expect(recipients(r, { recipient: '"x y"@two.example' })).toEqual(['"x y"@two.example'])
    expect(recipients(r, { domain: 'Two.Example' })).toEqual(['b@two.example', '"x y"@two.example'])
    expect(recipients(r, { sender: 'other@src.example' })).toEqual(['A@one.example', 'c@one.example'])
    expect(recipients(r, { sender: '<>' })).toEqual(['"x y"@two.example'])
    expect(recipients(r, { sender: 'nobody@src.example' })).toEqual([])
    expect(recipients(r, { sender: 'other@src.example', recipient: 'c@one.example' })).toEqual(['c@one.example'])
    expect(recipients(r, { state: 'active' })).toEqual([])
    expect(recipients(r, { state: 'waiting' })).toHaveLength(5)
  })
}

test('what is final is listed only when it is asked for', async () => {
  const r = await filled()
  r.carrier.take('two.example').settle([ok])
  expect(recipients(r, { domain: 'two.example' })).toEqual(['"x y"@two.example'])
  expect(recipients(r, { state: 'delivered' })).toEqual(['b@two.example'])
})

test('pages follow one another, and no message is cut in two', async () => {
  const r = await filled()
  const first = r.queue.list({ ...anything, limit: 1 })
  expect(first.map(({ recipient }) => recipient)).toEqual(['a@one.example', 'b@two.example'])
  const second = r.queue.list({ ...anything, limit: 1, after: first.at(-1)!.id })
  expect(second).toHaveLength(2)
  expect(r.queue.list({ ...anything, after: second.at(-1)!.id })).toHaveLength(1)
  expect(r.queue.list({ ...anything, after: 'unknown' })).toEqual([])
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
  const none = { ids: [], all: false, recipient: null, domain: null, sender: null }
  expect(r.queue.retry({ ...none, recipient: 'c@one.example' })).toBe(1)
  await settled()
  expect(r.carrier.lane('one.example').ready).toBe(1)
  expect(r.carrier.lane('two.example').ready).toBe(0)
  expect(r.queue.retry({ ...none, domain: 'two.example' })).toBe(2)
  expect(r.queue.retry({ ...none, ids: ['unknown'] })).toBe(0)
  expect(r.queue.retry({ ...none, all: true })).toBe(5)
  await settled()
  expect(r.carrier.lane('one.example').ready).toBe(3)
})

test('a selector that names nothing moves nothing', async () => {
  const r = await filled()
  const none = { ids: [], all: false, recipient: null, domain: null, sender: null }
  expect(r.queue.retry(none)).toBe(0)
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
