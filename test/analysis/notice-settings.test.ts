import { expect, test } from 'vitest'
import { settingChanges } from '../../src/analysis/settings.ts'
import { compile } from '../../src/compile/compile.ts'
import { base, validated } from '../config/check.ts'

const graphOf = (more: Record<string, unknown>) => {
  const { document, diagnostics } = validated({
    ...base,
    relays: { isp: { hosts: 'isp.com', ...(more['retry'] === undefined ? {} : { retry: 'fast' }) } },
    localMx: { '*': { relay: 'isp' } },
    ...more,
  })
  if (document === null) throw new Error(JSON.stringify(diagnostics))
  return compile(document).graph
}

const text = (second: string) => `Sorry:\n{each}\n{recipient}\n{end}\n${second}`

test('a plan tells of a schedule by its name, of a text by its lines, and of a reason by its status', () => {
  const before = graphOf({
    retry: { schedules: { fast: { schedule: ['1m'], expireAfter: '1h', warnAfter: '10m' } } },
    notifications: { texts: { failed: { text: text('Ask us.') } }, reasons: { '5.1.1': 'Not there.' } },
  })
  const after = graphOf({
    retry: { schedules: { fast: { schedule: ['1m'], expireAfter: '2h', warnAfter: 'off', maxAttempts: 5 } } },
    notifications: {
      texts: { failed: { text: text('Ask them.') } },
      reasons: { '5.1.1': 'Nobody there.' },
      limit: '10/1h',
    },
  })
  expect(settingChanges(before, after)).toEqual([
    { at: 'notifications.limit.most', from: null, to: '10' },
    { at: 'notifications.limit.perMs', from: null, to: '3600000' },
    { at: 'notifications.reasons.5.1.1', from: 'Not there.', to: 'Nobody there.' },
    { at: 'notifications.texts.failed.text line 5', from: 'Ask us.', to: 'Ask them.' },
    { at: 'retry.schedules.fast.expireAfterMs', from: '3600000', to: '7200000' },
    { at: 'retry.schedules.fast.maxAttempts', from: null, to: '5' },
    { at: 'retry.schedules.fast.warnAfterMs', from: '600000', to: 'null' },
  ])
})

test('what is written as it is usual changes no graph', () => {
  const usual = graphOf({})
  const written = validated({
    ...base,
    relays: { isp: { hosts: 'isp.com' } },
    localMx: { '*': { relay: 'isp' } },
    retry: { warnAfter: '4h' },
    notifications: { doubleBounce: 'drop', limit: '1000/1h' },
  }).document!
  expect(compile(written).graph).toEqual(usual)
})
