import { expect, test } from 'vitest'
import { Recipients } from '../../src/ingress/recipients.ts'
import { type Mailbox, parseMailbox } from '../../src/mail/path.ts'

const mailbox = (text: string): Mailbox => {
  const parsed = parseMailbox(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}
const rest = (original: Mailbox) => ({ original, notify: null, orcpt: null })
const named = (recipients: Recipients) => recipients.list.map((one) => one.mailbox.text)

function letIn(recipients: Recipients, to: string, expanded: readonly string[] = [to], at = `row of ${to}`): void {
  recipients.add({ to: mailbox(to), at, answers: undefined }, expanded.map(mailbox), rest(mailbox(to)))
}

test('who is named twice, by himself or through an alias, gets the message once, among few and among many', () => {
  for (const count of [3, 8, 9, 200]) {
    const recipients = new Recipients()
    const all = Array.from({ length: count }, (_, i) => `u${i}@here.test`)
    for (const one of all) letIn(recipients, one)
    for (const one of all) letIn(recipients, one)
    letIn(recipients, 'everybody@here.test', [...all, 'new@here.test'])
    expect(named(recipients)).toEqual([...all, 'new@here.test'])
    expect(recipients.forwardPaths).toBe(2 * count + 1)
  }
})

test('mailboxes whose parts only look alike in one text are two', () => {
  const recipients = new Recipients()
  for (let i = 0; i < 20; i++) letIn(recipients, `u${i}@here.test`)
  letIn(recipients, '"a b"@c.test')
  letIn(recipients, '"b"@c.test')
  letIn(recipients, 'A@c.test')
  letIn(recipients, 'a@c.test')
  expect(named(recipients).slice(20)).toEqual(['"a b"@c.test', '"b"@c.test', 'A@c.test', 'a@c.test'])
})

test('the first row is kept, and what was let in is handed out once', () => {
  const recipients = new Recipients()
  letIn(recipients, 'a@x.test', ['a@x.test'], 'first')
  letIn(recipients, 'b@x.test', ['b@x.test'], 'second')
  expect(recipients.at).toBe('first')
  expect(recipients.takeOut().map(({ at }) => at)).toEqual(['first', 'second'])
  expect(recipients.takeOut()).toEqual([])
  letIn(recipients, 'c@x.test', ['c@x.test'], 'third')
  expect(recipients.takeOut().map(({ at }) => at)).toEqual(['third'])
})

test('an alias for several whose success is asked for is one expansion: SUCCESS goes, the rest stays (RFC 3461 §5.2.7.3)', () => {
  const told = (notify: readonly ('success' | 'failure' | 'delay')[] | null, mailboxes: readonly string[]) => {
    const recipients = new Recipients()
    letIn(recipients, 'ann@here.test')
    const original = mailbox('team@here.test')
    recipients.add({ to: original, at: 'row', answers: undefined }, mailboxes.map(mailbox), {
      original,
      notify,
      orcpt: 'rfc822;team@here.test',
    })
    return recipients.list.slice(1).map(({ mailbox: { text }, notify: left, expanded, orcpt }) => {
      expect(orcpt).toBe('rfc822;team@here.test')
      return `${text} ${left === null ? '-' : left.join() || 'never'}${expanded === true ? ' expanded' : ''}`
    })
  }
  const two = ['bea@here.test', 'carl@here.test']
  expect(told(['success', 'failure'], two)).toEqual(['bea@here.test failure expanded', 'carl@here.test failure'])
  expect(told(['success'], two)).toEqual(['bea@here.test never expanded', 'carl@here.test never'])
  // Who is named already has his own wishes; the alias is told of all the same.
  expect(told(['success'], ['ann@here.test', ...two])).toEqual(['bea@here.test never expanded', 'carl@here.test never'])
  // One mailbox behind an alias is another name, and no list (§5.2.7.2).
  expect(told(['success'], ['bea@here.test'])).toEqual(['bea@here.test success'])
  expect(told(['failure', 'delay'], two)).toEqual(['bea@here.test failure,delay', 'carl@here.test failure,delay'])
  expect(told([], two)).toEqual(['bea@here.test never', 'carl@here.test never'])
  expect(told(null, two)).toEqual(['bea@here.test -', 'carl@here.test -'])
})
