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
