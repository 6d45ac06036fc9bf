import { expect, onTestFinished, test } from 'vitest'
import { waitForTurn } from '../../src/ingress/turns.ts'
import { openHouse } from './house.ts'
import { tcpWire, until } from './wire.ts'

test('whoever wants more goes behind the others, and every turn of the event loop others are looked at', async () => {
  const order: string[] = []
  const worker = (name: string, turns: number) => {
    let left = turns
    const one = {
      goOn() {
        order.push(name)
        const until = performance.now() + 2
        while (performance.now() < until);
        if (--left > 0) waitForTurn(one)
      },
    }
    return one
  }
  waitForTurn(worker('a', 4))
  waitForTurn(worker('b', 2))
  let looks = 0
  const look = () => {
    looks++
    if (order.length < 6) setImmediate(look)
  }
  setImmediate(look)
  await until(() => order.length === 6)
  expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'a'])
  // Six turns of 2 ms each are not one slice of 5 ms.
  expect(looks).toBeGreaterThan(1)
})

test('a client that sends thousands of commands at once does not hold up another one', async () => {
  const { listener, port } = await openHouse()
  onTestFinished(() => listener.close())
  const hasty = await Promise.all(Array.from({ length: 20 }, () => tcpWire(port)))
  onTestFinished(() => {
    for (const wire of hasty) wire.destroy()
  })
  const other = await tcpWire(port)
  onTestFinished(() => other.destroy())
  await until(() => other.came() !== '')
  const ok = '250 2.0.0 ok\r\n'
  const commands = 20_000
  for (const wire of hasty) void wire.send(Buffer.from('NOOP\r\n'.repeat(commands)))
  await until(() => hasty.some((wire) => wire.came().includes(ok)))
  await other.send(Buffer.from('NOOP\r\n'))
  await until(() => other.came().endsWith(ok))
  expect(other.came()).toBe(`220 mx.example.org ESMTP\r\n${ok}`)
  // Nobody of them is through: it did not have to wait for them.
  const through = hasty.filter((wire) => wire.came().length >= ok.length * commands)
  expect(through.length).toBeLessThan(hasty.length)
  // And nothing of theirs is lost.
  await until(() => hasty.every((wire) => wire.came().length >= 26 + ok.length * commands), 15_000)
  for (const wire of hasty) expect(wire.came()).toBe(`220 mx.example.org ESMTP\r\n${ok.repeat(commands)}`)
})
