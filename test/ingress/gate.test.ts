import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { Census } from '../../src/ingress/census.ts'
import { openGate } from '../../src/ingress/gate.ts'
import { systemClock } from '../../src/mail/clock.ts'
import { silentLog } from '../../src/mail/log.ts'
import { MemoryInlet, settings, site } from './house.ts'
import { tlsSettings } from './tls/tls-house.ts'
import { until } from './wire.ts'

/** Who is let in when a balancer at this address says this. `null`: the connection was cut. */
async function letIn(balancer: string, header: string): Promise<string | null> {
  const admission = site()
  const found: string[] = []
  const gate = openGate(
    {
      settings: {
        ...settings(),
        // So that the gate takes the socket as it is.
        tls: tlsSettings({ mode: 'implicit' }),
        proxy: { from: ['10.0.0.8/32', '127.0.0.0/8', '2001:db8::8/128'], timeoutMs: 5000 },
      },
      admission: () => admission,
      inlet: new MemoryInlet(),
      census: new Census(),
      log: silentLog,
      clock: systemClock,
      draining: false,
    },
    ({ client }) => void found.push(client),
  )
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  gate.arrived(Object.assign(socket, { remoteAddress: balancer }) as unknown as Socket)
  socket.push(header)
  await until(() => socket.destroyed || found.length > 0)
  socket.destroy()
  return found[0] ?? null
}

test('a balancer of another machine cannot name our loopback, which may be trusted', async () => {
  const header = (client: string) => `PROXY TCP4 ${client} 10.0.0.1 1 25\r\n`
  expect(await letIn('10.0.0.8', header('192.0.2.7'))).toBe('192.0.2.7')
  expect(await letIn('10.0.0.8', header('127.0.0.1'))).toBe(null)
  expect(await letIn('2001:db8::8', 'PROXY TCP6 ::1 ::1 1 25\r\n')).toBe(null)
  expect(await letIn('2001:db8::8', 'PROXY TCP6 ::ffff:127.0.0.1 ::1 1 25\r\n')).toBe(null)
  // One on this machine has clients on this machine.
  expect(await letIn('127.0.0.1', header('127.0.0.9'))).toBe('127.0.0.9')
})
