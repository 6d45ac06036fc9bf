import fc from 'fast-check'
import { expect, test } from 'vitest'
import { headerOf, plainContent } from '../../src/queue/content.ts'
import { storedBody } from '../egress/lane.ts'

const plain = async (stuffed: string, pieces?: readonly number[]): Promise<string> => {
  const content = Buffer.from(stuffed, 'latin1')
  const body = storedBody(content, true)
  if (pieces !== undefined) {
    body.read = async function* () {
      // As the spool does, which reads the next piece into the same memory.
      const memory = Buffer.alloc(content.length)
      let at = 0
      for (const length of [...pieces, content.length]) {
        const bytes = content.copy(memory, 0, at, at + length)
        if (bytes > 0) yield memory.subarray(0, bytes)
        at += bytes
      }
    }
  }
  const parts: Buffer[] = []
  for await (const part of plainContent(body)) parts.push(part)
  return Buffer.concat(parts).toString('latin1')
}

test('dots that SMTP has doubled are one again, wherever a piece ends', async () => {
  const line = fc.string({ unit: fc.constantFrom('.', 'a', '\n', '\r'), maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 7 })),
      async (lines, cuts) => {
        const text = lines.map((one) => `${one.replaceAll(/[\r\n]/g, '')}\r\n`).join('')
        const stuffed = text.replaceAll(/(^|\r\n)\./g, '$1..')
        expect(await plain(stuffed, cuts)).toBe(text)
      },
    ),
  )
})

test('the header ends at the first empty line, and a message without a body is all header', async () => {
  const header = (text: string) => headerOf(storedBody(Buffer.from(text), true))
  expect(await header('Subject: x\r\nTo: y\r\n\r\nbody\r\n\r\n')).toBe('Subject: x\r\nTo: y\r\n')
  expect(await header('Subject: x\r\n')).toBe('Subject: x\r\n')
  expect((await header(`X: ${'y'.repeat(300_000)}\r\n\r\n`))?.length).toBe(64 * 1024)
})

test('a body that the disk cannot read has no header', async () => {
  const body = storedBody(Buffer.from('x'), true)
  body.read = () => {
    throw new Error('the disk')
  }
  expect(await headerOf(body)).toBeNull()
})
