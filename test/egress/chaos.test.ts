import fc from 'fast-check'
import { expect, test } from 'vitest'
import { client } from './client.ts'
import { message } from './lane.ts'
import { type Answer, type Behave, behave, ehloReply, oddServer } from './odd-server.ts'

/** What a host may do at any point, weighted so that most of a conversation works. */
const deed = fc.oneof(
  { weight: 30, arbitrary: fc.constant<Answer | 'right'>('right') },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Answer>(
      '450 4.2.1 later\r\n',
      '550 5.1.1 no\r\n',
      '552 5.2.2 full\r\n',
      '452 4.5.3 too many\r\n',
      '503 5.5.1 order\r\n',
      '554 no\r\n',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Answer>('354 go\r\n', '250 2.0.0 ok\r\n', '220 hello\r\n', '250-two\r\n250 lines\r\n'),
  },
  { weight: 1, arbitrary: fc.constantFrom<Answer>('nonsense\r\n', '250-a\r\n550 b\r\n', '999 x\r\n', '\r\n', '25') },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Answer>(
      { close: 'before' },
      { close: 'after' },
      { close: 'after', text: '421 4.3.2 bye\r\n' },
      { close: 'after', text: '250 2.0.0 ok\r\n' },
    ),
  },
)

const mail = fc.record({
  recipients: fc.integer({ min: 1, max: 4 }),
  dots: fc.boolean(),
  spooled: fc.boolean(),
  lines: fc.constantFrom(1, 40, 9000),
})

const keywords = fc.subarray(['PIPELINING', 'CHUNKING', '8BITMIME', 'SIZE 600000', 'DSN', 'LIMITS RCPTMAX=2'])

test('whatever a host does, each delivery is settled or put back once, and only what a host took counts as delivered', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(deed, { minLength: 40, maxLength: 40 }),
      fc.array(mail, { minLength: 1, maxLength: 12 }),
      fc.array(keywords, { minLength: 2, maxLength: 2 }),
      fc.integer({ min: 1, max: 3 }),
      async (deeds, mails, offered, connections) => {
        let step = 0
        const script =
          (host: number): Behave =>
          (verb, line, session) => {
            const right = verb === 'EHLO' ? ehloReply(...(offered[host] as string[])) : behave(verb, line, session)
            const next = deeds[step++]
            // When the script is over the host behaves, so that every run ends.
            return next === undefined || next === 'right' ? right : next
          }
        const hosts = [await oddServer(script(0)), await oddServer(script(1))]
        const { carrier, lane } = client({
          ports: hosts.map((host) => host.port),
          relay: { connections },
          // An incomplete reply is only ended by time.
          settings: {
            timeouts: {
              commandMs: 1e4,
              dataMs: 1e4,
              sessionMs: 1e4,
              connectMs: 1e4,
              greetingMs: 80,
              replyMs: 80,
              dataBlockMs: 500,
              dataDoneMs: 80,
              idleMs: 1e4,
            },
          },
        })
        const entries = mails.map(({ recipients, dots, spooled, lines }, i) =>
          message({
            id: `Q${i}`,
            to: Array.from({ length: recipients }, (_, n) => `r${n}@dst.test`),
            content: `X-Id: Q${i}.\r\n\r\n${dots ? '..dot\r\n' : ''}${`${'x'.repeat(62)}\r\n`.repeat(lines)}`,
            spooled,
          }),
        )
        lane.reoffer = true
        lane.add(...entries)
        const over = () => lane.settled.length === entries.length
        for (let rounds = 0; !over() && rounds < 60; rounds++) {
          const downs = lane.downs.length
          carrier.wake(lane)
          await lane.until(() => over() || lane.downs.length > downs)
          // The queue's back-off is over.
          lane.add()
        }
        // A second settle or putBack of one delivery throws, and shows as egress.bug or as an unhandled rejection.
        expect(lane.settled.map(({ entry }) => entry.id).sort()).toEqual(entries.map((entry) => entry.id).sort())
        const taken = hosts.flatMap((host) => host.accepted)
        for (const { entry, attempts } of lane.settled) {
          if (!attempts.some((attempt) => attempt.reply?.code === 250 && attempt.command === 'body')) continue
          expect(
            taken.some(
              (content) => content.startsWith(`X-Id: ${entry.id}.`) && content.length === entry.body.sizeBytes,
            ),
          ).toBe(true)
        }
        await carrier.drain()
        expect(carrier.connections()).toBe(0)
      },
    ),
    { numRuns: 40 },
  )
}, 120_000)
