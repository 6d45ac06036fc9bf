import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startGateway, until } from '../support/gateway.ts'
import { freePort, peers, tempFolder } from '../support/peer.ts'
import { openClient, sendMessage } from './client.ts'
import { site } from './site.ts'

// `-D`: the gateway stays our child, strace watches from aside.
const strace = peers('strace')

test.skipIf(!strace)(
  'the message is written and synced to the disk before the 250 is',
  async () => {
    const trace = join(tempFolder(), 'trace')
    const port = await freePort()
    const calls = 'trace=write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,fdatasync,fsync,openat'
    await startGateway(site({ port, localMx: { '*': 'hold' } }), {
      under: ['strace', '-D', '-f', '-s', '65536', '-e', calls, '-o', trace],
    })
    const client = await openClient(port)
    for (const marker of ['marker-first', 'marker-second']) {
      const id = await sendMessage(client, 'a@src.test', 'b@dst.test', `Subject: x\r\n\r\n${marker}\r\n`)
      const lines = (await until('the 250 is traced', () => {
        const found = readFileSync(trace, 'latin1').split('\n')
        return found.some((line) => line.includes(`queued as ${id}`)) ? found : null
      }))!
      const answered = lines.findIndex((line) => line.includes(`queued as ${id}`))
      const written = lines.findIndex((line) => /p?write(v|64|v2)?\(/.test(line) && line.includes(marker))
      expect(written, `${marker} was written`).toBeGreaterThanOrEqual(0)
      const fd = /write\w*\((\d+)/.exec(lines[written]!)![1]
      const begun = lines.findIndex((line, i) => i > written && new RegExp(`f(data)?sync\\(${fd}\\b`).test(line))
      expect(begun, `the file of ${marker} was synced`).toBeGreaterThan(written)
      // Calls of other threads interrupt a line: "fdatasync(21 <unfinished ...>", then "<... fdatasync resumed>) = 0".
      const thread = lines[begun]!.split(' ')[0]!
      const done = lines[begun]!.includes('= 0')
        ? begun
        : lines.findIndex((line, i) => i > begun && line.startsWith(thread) && /sync resumed>.*= 0/.test(line))
      expect(done, `the sync of ${marker} had ended`).toBeGreaterThan(0)
      expect(done, `the sync of ${marker} came before its 250`).toBeLessThan(answered)
    }
  },
  60_000,
)
