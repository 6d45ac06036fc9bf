import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Census } from '../../src/ingress/census.ts'
import type { House } from '../../src/ingress/house.ts'
import { Session } from '../../src/ingress/session.ts'
import { systemClock } from '../../src/mail/clock.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { silentLog } from '../../src/mail/log.ts'
import { type Dialog, readDialogs } from './dialog.ts'
import { type Kept, MemoryInlet, openHouse, settings, site } from './house.ts'
import { memoryWire, tcpWire, until, type Wire } from './wire.ts'

const folder = join(import.meta.dirname, '../dialogs')

/** What must be in a message that arrived: envelope, and the content that follows our own Received line. */
function describeKept({ envelope, facts, body }: Kept): string {
  const { from, recipients, smtputf8, ret, envid } = envelope
  const to = recipients.map(({ mailbox, notify, orcpt }) => {
    const options = [notify && `notify=${notify.join('+') || 'never'}`, orcpt && `orcpt=${orcpt}`].filter(Boolean)
    return `<${mailbox.text}>${options.length > 0 ? `(${options.join(' ')})` : ''}`
  })
  const options = [envelope.body, smtputf8 && 'smtputf8', ret && `ret=${ret}`, envid && `envid=${envid}`]
  const found = [facts.dots && 'dots', facts.eightBit && '8bit']
  const content = body.replace(/^Received: from .*\r\n(?: .*\r\n)+/, '')
  expect(content).not.toBe(body)
  const shown = content
    .replace(/\\/g, '\\\\')
    .replace(/\r/g, '\\r')
    .replace(/\n/g, '\\n')
    .replace(/[^ -~]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
  const all = [`from=<${from === null ? '' : from.text}>`, `to=${to.join(',')}`, ...options, ...found, `body=${shown}`]
  return all.filter(Boolean).join(' ')
}

async function run(dialog: Dialog, wire: Wire, inlet: MemoryInlet, cut: (segments: Buffer[]) => Buffer[]) {
  let expected = ''
  for (const step of dialog.steps) {
    switch (step.kind) {
      case 'send':
        for (const segment of cut(step.segments)) await wire.send(segment)
        break
      case 'expect':
        expected += step.text
        await until(() => wire.came().length >= expected.length || wire.closed())
        expect(wire.came()).toBe(expected)
        break
      case 'end':
        wire.end()
        break
      case 'close':
        await until(() => wire.closed())
        expect({ came: wire.came(), closed: wire.closed() }).toEqual({ came: expected, closed: true })
        break
      case 'message':
        await until(() => inlet.kept.length > 0)
        expect(inlet.kept.splice(0, 1).map(describeKept)).toEqual([step.text])
        break
      case 'nothing':
        expect(inlet.kept).toEqual([])
        break
    }
  }
  // Nothing may come that the dialog does not say.
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(wire.came()).toBe(expected)
  wire.destroy()
}

function inMemory(dialog: Dialog, inlet: MemoryInlet): Wire {
  const admission = site({ limits: dialog.limits })
  const house: House = {
    settings: settings(dialog.listener),
    admission: () => admission,
    inlet,
    census: new Census(),
    log: silentLog,
    clock: systemClock,
    draining: false,
  }
  return memoryWire((socket) => new Session(house, socket, '192.0.2.9' as IpAddress, 1, () => {}).open())
}

for (const file of readdirSync(folder).filter((name) => name.endsWith('.txt'))) {
  describe(file, () => {
    for (const dialog of readDialogs(join(folder, file))) {
      test(dialog.name, async () => {
        const admission = site({ limits: dialog.limits })
        const inlet = new MemoryInlet()
        const { listener, port } = await openHouse({
          settings: settings(dialog.listener),
          admission: () => admission,
          inlet,
        })
        try {
          await run(dialog, await tcpWire(port), inlet, (segments) => segments)
        } finally {
          await listener.close()
        }
      })

      test(`${dialog.name} (each octet a segment)`, async () => {
        const inlet = new MemoryInlet()
        const octets = (segments: Buffer[]) => [...Buffer.concat(segments)].map((octet) => Buffer.from([octet]))
        await run(dialog, inMemory(dialog, inlet), inlet, octets)
      })
    }
  })
}
