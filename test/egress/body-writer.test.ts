import { expect, test } from 'vitest'
import { BodyWriter } from '../../src/egress/body-writer.ts'
import type { Wire } from '../../src/egress/wire.ts'
import type { StoredBody } from '../../src/queue/entry.ts'

/** A wire that says how much the kernel has not taken, and what it has of it at the end. */
function slowWire() {
  const held: Buffer[] = []
  const wire = { closed: false, unsent: 0, await() {} } as unknown as { closed: boolean; unsent: number }
  const take = (piece: Buffer) => {
    held.push(piece)
    wire.unsent += piece.length
    return false
  }
  Object.assign(wire, { send: take, sendAll: (pieces: readonly Buffer[]) => pieces.map(take).every(Boolean) })
  const leave = () => {
    const text = Buffer.concat(held.splice(0)).toString('latin1')
    wire.unsent = 0
    return text
  }
  return { wire: wire as unknown as Wire, leave, close: () => Object.assign(wire, { closed: true, unsent: 0 }) }
}

/** A body whose memory is used for something else as soon as it is given back. */
function lentBody(content: string) {
  let lent: Buffer | null = null
  const body: StoredBody = {
    sizeBytes: content.length,
    dots: false,
    eightBit: false,
    chunks: null,
    lend: () => [(lent = Buffer.from(content))],
    returned() {
      lent!.fill(0xee)
      lent = null
    },
    async *read() {},
  }
  return { body, isLent: () => lent !== null }
}

const long = 'x'.repeat(100_000)

test('the memory of a long body comes back when all of it has left, and not before', () => {
  const { wire, leave } = slowWire()
  const writer = new BodyWriter(wire, 1000)
  const { body, isLent } = lentBody(long)
  expect(writer.write('', body, () => '.\r\n')).toBe(true)
  expect(isLent()).toBe(true)
  expect(leave()).toBe(`${long}.\r\n`)
  writer.wake()
  expect(isLent()).toBe(false)
})

test('without a word of the wire it comes back with the next message at the latest', () => {
  const { wire, leave } = slowWire()
  const writer = new BodyWriter(wire, 1000)
  const [one, other] = [lentBody(long), lentBody(long)]
  writer.write('', one.body, () => '')
  leave()
  writer.write('', other.body, () => '')
  expect([one.isLent(), other.isLent()]).toEqual([false, true])
  expect(leave()).toBe(long)
})

test('a connection that ends gives it back', () => {
  const { wire, close } = slowWire()
  const writer = new BodyWriter(wire, 1000)
  const { body, isLent } = lentBody(long)
  writer.write('', body, () => '')
  close()
  writer.wake()
  expect(isLent()).toBe(false)
})

test('a short body is copied, and its memory comes back although the copy waits', () => {
  const { wire, leave } = slowWire()
  const writer = new BodyWriter(wire, 1000)
  const { body, isLent } = lentBody('short\r\n')
  writer.write('BDAT 7 LAST\r\n', body, () => '')
  expect(isLent()).toBe(false)
  expect(leave()).toBe('BDAT 7 LAST\r\nshort\r\n')
})

test('what is not in memory, or too long for one write, is not written', () => {
  const { wire, leave } = slowWire()
  const writer = new BodyWriter(wire, 1000)
  const tail = () => expect.fail('asked for')
  expect(writer.write('', { ...lentBody(long).body, lend: () => null }, tail)).toBe(false)
  expect(writer.write('', lentBody('x'.repeat(300_000)).body, tail)).toBe(false)
  expect(leave()).toBe('')
})
