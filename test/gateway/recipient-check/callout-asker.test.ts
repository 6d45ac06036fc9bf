import { describe, expect, test } from 'vitest'
import { until } from '../../support/gateway.ts'
import { peers } from '../../support/peer.ts'
import { startPostfix } from '../../support/postfix.ts'
import { asked, callout, mailbox } from './support.ts'

const maps = [
  'virtual_mailbox_domains = example.test, all.test',
  'virtual_mailbox_maps = inline:{ {ann@example.test = box/} {bob@example.test = box/} {@all.test = box/} }',
]

describe.skipIf(!peers('postfix'))('a callout, with a real Postfix', () => {
  test('who has a mailbox exists, who has none does not, and no message is ever sent', async () => {
    const postfix = await startPostfix({ main: [...maps, 'smtputf8_enable = no'] })
    const { asker } = callout(postfix.port, { perMinute: 4 })
    expect(await asked(asker, 'ann@example.test')).toMatchObject({ kind: 'exists' })
    expect(await asked(asker, 'nobody@example.test')).toMatchObject({ kind: 'unknown' })
    expect(await asked(asker, 'bob@example.test')).toMatchObject({ kind: 'exists' })
    // Of a domain that is not ours nobody is asked, whatever the graph says.
    expect(await asked(asker, 'ann@elsewhere.test')).toEqual({
      failed: 'elsewhere.test is not among the domains of the check',
    })
    // An address that the host cannot be told in its own characters says nothing.
    expect(await asked(asker, 'zoë@example.test')).toEqual({
      failed: `[127.0.0.1]:${postfix.port} does not take SMTPUTF8`,
    })
    // More questions than a minute may have are not asked: a harvest here does not become one of the next hop.
    expect(await asked(asker, 'carol@example.test')).toEqual({
      failed: `hosts:127.0.0.1:${postfix.port} was asked 4 times within a minute already`,
    })
    asker.close()
    // Postfix writes what a session came to when it ends.
    const line = await until('the session has ended', () => /disconnect from.* mail=.*/.exec(postfix.log())?.[0])
    // Three questions, and one for a stranger, over one connection; the null reverse-path, and no DATA.
    expect(line).toContain('mail=3')
    expect(line).toContain('rcpt=2/4')
    expect(line).not.toContain('data')
    expect(postfix.log()).toContain('from=<> to=<nobody@example.test>')
    expect(postfix.messages()).toEqual([])
  })

  test('a host that takes everybody is found out by a recipient whom nobody can have, and is not asked again', async () => {
    const postfix = await startPostfix({ main: maps })
    const { asker, events } = callout(postfix.port)
    expect(await asked(asker, 'whoever@all.test')).toMatchObject({
      kind: 'exists',
      reason: `[127.0.0.1]:${postfix.port} takes every recipient of all.test`,
    })
    expect(events).toEqual(['recipients.takes-all'])
    expect(asker.notes?.()).toEqual([`hosts:127.0.0.1:${postfix.port} takes every recipient of all.test`])
    const steps: string[] = []
    await asker.ask(mailbox('another@all.test'), new AbortController().signal, (step) => steps.push(step))
    expect(steps.at(-1)).toBe(`hosts:127.0.0.1:${postfix.port} takes every recipient of all.test: it is not asked`)
    // The same host is asked about its other domains.
    expect(await asked(asker, 'nobody@example.test')).toMatchObject({ kind: 'unknown' })
    asker.forget?.('all.test')
    expect(asker.notes?.()).toEqual([])
  })

  test('a connection that the host has closed meanwhile is opened again', async () => {
    const postfix = await startPostfix({ main: [...maps, 'smtpd_timeout = 1s'] })
    const { asker } = callout(postfix.port)
    expect(await asked(asker, 'ann@example.test')).toMatchObject({ kind: 'exists' })
    await until('Postfix has closed the connection', () => /disconnect from.* mail=/.test(postfix.log()))
    expect(await asked(asker, 'nobody@example.test')).toMatchObject({ kind: 'unknown' })
  })
})

test('a next hop that is not there says nothing of a recipient', async () => {
  // Port 1 of loopback: nobody listens.
  const { asker } = callout(1)
  expect(await asked(asker, 'ann@example.test')).toEqual({
    failed: 'hosts:127.0.0.1:1: [127.0.0.1]:1: connection refused',
  })
})
