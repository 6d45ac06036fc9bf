import { expect, test } from 'vitest'
import { gatesText, readGates } from '../../../src/cli/fleet/gate-options.ts'

test('gates are shares in percent', () => {
  const gates = readGates(['reject-rate=2%', 'failure-rate=0.5%', 'min-messages=50'])
  expect(gates).toEqual({
    ok: true,
    value: { rejectRate: 0.02, deferRate: null, failureRate: 0.005, minMessages: 50 },
  })
  expect(gates.ok && gatesText(gates.value!)).toBe('reject rate over 2%, failure rate over 0.5%, after 50 messages')
})

test('no gates are none', () => expect(readGates([])).toEqual({ ok: true, value: null }))

test.each([
  'reject-rate=2',
  'reject-rate=200%',
  'reject=2%',
  'reject-rate',
  'min-messages=0',
  'latency=2%',
  'reject-rate=-1%',
])('%s is no gate', (text) => {
  expect(readGates([text])).toMatchObject({ ok: false, error: expect.stringContaining(JSON.stringify(text)) })
})

test('a number of messages alone gates nothing, and is refused', () => {
  expect(readGates(['min-messages=5']).ok).toBe(false)
})
