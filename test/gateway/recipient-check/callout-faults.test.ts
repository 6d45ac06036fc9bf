import { expect, test } from 'vitest'
import { behave, oddServer } from '../../egress/odd-server.ts'
import { asked, callout } from './support.ts'

/** A host that takes nobody but ann, and answers a stranger as `toStranger` says. */
const host = (toStranger: Parameters<typeof oddServer>[0]) =>
  oddServer((verb, line, session) => {
    if (verb !== 'RCPT') return behave(verb, line, session)
    if (line.includes('stranger')) return toStranger!(verb, line, session)
    return line.includes('<ann@') ? '250 2.1.5 ok\r\n' : '550 5.1.1 no such user\r\n'
  })

const exists = { kind: 'exists' }

test('a host that hangs up on a stranger costs one question, and the next one is answered', async () => {
  const { port } = await host(() => ({ close: 'before' }))
  const { asker } = callout(port)
  expect(await asked(asker, 'ann@example.test')).toHaveProperty('failed')
  expect(await asked(asker, 'ann@example.test')).toMatchObject(exists)
})

test('a host that puts a stranger off takes neither everybody nor nobody, and its yes counts', async () => {
  const { port, sessions } = await host(() => '450 4.7.1 slow down\r\n')
  const { asker } = callout(port)
  expect(await asked(asker, 'ann@example.test')).toMatchObject(exists)
  expect(await asked(asker, 'bob@example.test')).toMatchObject({ kind: 'unknown' })
  expect(asker.notes?.()).toEqual([])
  // The second question did without a stranger.
  expect(sessions[0]!.heard.filter((line) => line.includes('stranger'))).toHaveLength(1)
})

test('a host that does not take the null reverse-path says nothing of a recipient', async () => {
  const { port } = await oddServer((verb, line, session) =>
    verb === 'MAIL' ? '550 5.7.1 no bounces here\r\n' : behave(verb, line, session),
  )
  expect(await asked(callout(port).asker, 'ann@example.test')).toEqual({
    failed: `mx1.test refuses MAIL FROM:<>: 550 5.7.1 no bounces here`.replace('mx1.test', `[127.0.0.1]:${port}`),
  })
})

test('421 in the middle ends the connection, and the next question opens another one', async () => {
  let sessions = 0
  const server = await oddServer((verb, line, session) => {
    if (verb === 'CONNECT') sessions++
    if (verb === 'RCPT' && sessions === 1) return { close: 'after', text: '421 4.3.2 closing\r\n' }
    return behave(verb, line, session)
  })
  const { asker } = callout(server.port)
  expect(await asked(asker, 'ann@example.test')).toEqual({ failed: `[127.0.0.1]:${server.port}: 421 4.3.2 closing` })
  expect(await asked(asker, 'ann@example.test')).toMatchObject(exists)
})

test('a host that is silent is given up in time, and what waits behind it is not asked for ever', async () => {
  const { port, sessions } = await oddServer((verb, line, session) =>
    verb === 'RCPT' ? null : behave(verb, line, session),
  )
  const { asker } = callout(port, { timeoutMs: 300 })
  const control = new AbortController()
  const waiting = asker.ask(
    { localPart: 'ann', domain: 'example.test' as never, text: 'ann@example.test' },
    control.signal,
    (step) => step.startsWith('MAIL') && setTimeout(() => control.abort(), 50),
  )
  await expect(waiting).rejects.toThrow()
  expect(sessions).toHaveLength(1)
})

test('what a host says cannot end a line of the log or of a terminal', async () => {
  const { port } = await oddServer((verb, line, session) =>
    verb === 'RCPT' ? '550-5.1.1 no\x1b[2J\r\n550 5.1.1 such user\r\n' : behave(verb, line, session),
  )
  const answer = await asked(callout(port).asker, 'ann@example.test')
  expect(answer).toMatchObject({ kind: 'unknown', reason: `[127.0.0.1]:${port} says 550 5.1.1 no?[2J such user` })
})
