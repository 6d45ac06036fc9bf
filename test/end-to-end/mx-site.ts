import { readText, startGateway, until } from '../support/gateway.ts'
import { type SinkManner, startMxSinks } from '../support/mx-sinks.ts'
import { freePort } from '../support/peer.ts'
import { openClient } from './client.ts'
import { maildir, site } from './site.ts'

const forbidden = '127.0.9.66'

/** Hosts of the lab: the number is the last of 127.0.9.x. Who is not named takes no connection. */
export const manners: Readonly<Record<string, SinkManner>> = {
  '127.0.9.1': 'takes',
  '127.0.9.2': 'takes',
  '127.0.9.3': 'takes',
  '127.0.9.11': 'defers',
  '127.0.9.12': 'refuses',
  '127.0.9.13': 'busy',
  '127.0.9.14': 'closed',
  '127.0.9.15': 'mute',
  '127.0.9.16': 'no-mail',
  [forbidden]: 'takes',
  '::1': 'takes',
}

/** Recipient -> `127.0.9.1` (who took it), `fails 5.1.2` (the status that the sender is told), or `waits`. */
export type Outcomes = Readonly<Record<string, string>>

/**
 * Sends a message to each recipient through a gateway that asks `server`, and says what became of each, as others see it:
 * the hosts that took it, the notification that the sender got, the queue. 127.0.9.66 is forbidden by the document; the
 * gateway is 127.0.0.1, and its name `gateway.test`.
 */
export async function outcomesOf(server: string, recipients: readonly string[]): Promise<Outcomes> {
  const port = await freePort()
  const sinks = await startMxSinks(port, manners)
  const gateway = await startGateway(
    site({
      port,
      localMx: { '*': 'mx' },
      mxPort: port,
      relaying: 'outbound',
      deny: [{ when: { destination: forbidden }, then: { reject: { code: 550, text: 'not there' } } }],
      resolver: { servers: [server], timeout: '1s', attempts: 2 },
      tlsPolicy: { mtaSts: 'off' },
      timeouts: { greeting: '2s', connect: '2s' },
      retry: { schedule: ['1h'], expireAfter: '1d' },
    }),
  )
  const client = await openClient(port)
  for (const recipient of recipients) {
    const replies = await client.replies(3, 'MAIL FROM:<a@here.test>', `RCPT TO:<${recipient}>`, 'DATA')
    if (!replies.every((reply) => /^[23]/.test(reply))) throw new Error(`${recipient}: ${replies.join(' / ')}`)
    await client.say('Subject: which way', '', 'x', '.')
  }
  const found: Record<string, string> = {}
  const look = async (): Promise<boolean> => {
    for (const recipient of recipients) delete found[recipient]
    for (const [address, taken] of sinks.taken) {
      for (const recipient of taken) found[recipient] = [found[recipient], address].filter(Boolean).join(' and ')
    }
    for (const file of maildir(gateway.stateDir, 'a@here.test')) {
      const text = readText(file)
      const [, recipient = ''] = /^Final-Recipient: rfc822; ?(.*?)\r?$/m.exec(text) ?? []
      const [, status = ''] = /^Status: (.*?)\r?$/m.exec(text) ?? []
      found[recipient] = [found[recipient], `fails ${status}`].filter(Boolean).join(' and ')
    }
    for (const { event, to, nextHop } of gateway.log()) {
      if (event === 'delivery.deferred') found[String(to)] ??= 'waits'
      // Of a next hop that was not reached no attempt is counted: its mail waits with it.
      if (event === 'lane.down') found[`b@${String(nextHop).split(':')[1]}`] ??= 'waits'
    }
    return recipients.every((recipient) => found[recipient] !== undefined)
  }
  // What has no end by then is told as such, with all the others.
  await until('each message has an end', look, 40_000).catch(() => {})
  if (sinks.visited.has(forbidden)) throw new Error(`${forbidden} was connected to, which the document forbids`)
  const waiting = recipients.filter((recipient) => found[recipient] === 'waits').length
  const { queue } = await gateway.status()
  if (queue['waiting'] !== waiting) throw new Error(`${waiting} should wait in the queue, ${queue['waiting']} do`)
  return found
}
