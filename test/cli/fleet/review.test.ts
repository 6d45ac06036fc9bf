import { describe, expect, test } from 'vitest'
import type { Change, ChangeSet } from '../../../src/analysis/change-set.ts'
import { classesOf, noLonger, notReviewed } from '../../../src/cli/fleet/review.ts'
import { type Box, everyMessage } from '../../../src/graph/box.ts'

const whole = (pattern: string) => [{ pattern, except: [] }]
const message = {
  listener: 'mx',
  client: '192.0.2.1',
  sender: 'a@b.test',
  recipient: 'ann@here.test',
  sizeBytes: 1,
  hops: 0,
}

function change(box: Partial<Box>, moves: readonly (readonly [string, string])[] = [['old', 'new']]): Change {
  return {
    kind: 'refused',
    box: { ...everyMessage, ...box },
    moves: moves.map(([from, to]) => ({ from, to, classes: 3 })),
    causes: [{ side: 'after', at: 'deny[0]', file: 'x', line: Math.ceil(Math.random() * 1000), column: 1 }],
    witness: {
      message: { ...message, recipient: box.recipients?.[0]?.pattern ?? message.recipient },
      answers: {},
    } as unknown as Change['witness'],
  }
}
const set = (changes: readonly Change[], more: Partial<ChangeSet> = {}): ChangeSet => ({
  format: 'mailgw-changes/1',
  ...{ hash: 'c1:x', base: 'g1:a', next: 'g1:b', changes, destinations: [], settings: [], unknown: [], ...more },
})
const fresh = (reviewed: Change, now: Change): boolean => notReviewed(set([reviewed]), set([now])).changes.length > 0

describe('what nobody has reviewed', () => {
  const reviewed = change({ recipients: whole('here.test'), oracles: { 'dnsbl.zen': ['listed', 'error'] } })
  const inside = { recipients: whole('here.test'), oracles: { 'dnsbl.zen': ['listed' as const] } }
  const cases: [rule: string, now: Change, isNew: boolean][] = [
    ['the same, written elsewhere, is no news', { ...reviewed, causes: [] }, false],
    [
      'a piece of it is no news',
      change({ ...inside, clients: whole('10.0.0.0/8'), hops: [{ over: null, upTo: 9 }] }),
      false,
    ],
    [
      'a piece with something left out is no news',
      change({ ...inside, recipients: [{ pattern: 'here.test', except: ['a@here.test'] }] }),
      false,
    ],
    ['another recipient is', change({ ...inside, recipients: whole('there.test') }), true],
    ['one more recipient is', change({ ...inside, recipients: [...whole('here.test'), ...whole('there.test')] }), true],
    ['any recipient is', change({ ...inside, recipients: null }), true],
    ['any answer of a list is', change({ recipients: whole('here.test') }), true],
    ['another answer of a list is', change({ ...inside, oracles: { 'dnsbl.zen': ['listed', 'clear'] } }), true],
    ['another way out of the same box is', change(inside, [['old', 'elsewhere']]), true],
    ['another kind of change is', { ...reviewed, kind: 'accepted' }, true],
  ]
  test.each(cases)('%s', (_rule, now, isNew) => expect(fresh(reviewed, now)).toBe(isNew))

  test('a reviewed box with something left out does not hold it', () => {
    const reviewed = change({ recipients: [{ pattern: 'here.test', except: ['ann@here.test'] }] })
    expect(fresh(reviewed, change({ recipients: whole('here.test') }))).toBe(true)
  })

  test('a setting is told by path and by value', () => {
    const one = { at: 'limits.maxHops', from: '100', to: '50' }
    const two = { ...one, to: '60' }
    expect(notReviewed(set([], { settings: [one] }), set([], { settings: [one, two] })).settings).toEqual([two])
  })
})

test('what was reviewed and does not happen any more is told by its example', () => {
  const ann = change({ recipients: whole('ann@here.test') })
  const bob = change({ recipients: whole('bob@here.test') })
  const now = set([change({ recipients: whole('ann@here.test'), clients: whole('192.0.2.0/24') })])
  expect(noLonger(set([ann, bob]), now).changes).toEqual([bob])
})

test('the size of a change is the number of its classes', () => {
  expect(
    classesOf(
      set([
        change({}),
        change({}, [
          ['a', 'b'],
          ['c', 'd'],
        ]),
      ]),
    ),
  ).toBe(9)
})
