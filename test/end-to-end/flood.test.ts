import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'
import { percentile, wellBehaved } from '../../bench/support/evil.js'
import { startGateway } from '../support/gateway.ts'
import { freePort, path, peers } from '../support/peer.ts'

const messages = 20_000

// TU-04. `node bench/evil.js` has the same with a relay behind it.
test.skipIf(!peers('smtp-source'))(
  'a source that sends as fast as it can is served, and neither fills the memory nor starves anybody',
  async () => {
    const port = await freePort()
    const gateway = await startGateway({
      hostname: 'mx.test',
      postmaster: 'postmaster@here.test',
      listeners: { mx: { kind: 'mx', bind: `127.0.0.1:${port}` } },
      domains: { 'here.test': 'relay' },
      // Nothing leaves: all of it stays in the queue.
      localMx: { 'here.test': 'hold', '*': { reject: { code: 550, text: '5.1.2 no way there' } } },
    })
    const before = (await gateway.status()).memory.rssBytes
    const client = wellBehaved({ port, perSecond: 10 })
    const args = ['-d', '-s', '50', '-m', String(messages), '-l', '2000', '-f', 'a@src.test', '-t', 'b@here.test']
    const source = spawn('smtp-source', [...args, `127.0.0.1:${port}`], { env: { ...process.env, PATH: path } })
    const code = await new Promise((resolve) => source.once('exit', resolve))
    const { latenciesMs, failures } = await client.stop()
    expect(code).toBe(0)
    expect(failures).toEqual([])
    expect(latenciesMs.length).toBeGreaterThan(5)
    // The bar is a second; a machine that runs other tests beside this one may be slower.
    expect(percentile(latenciesMs, 0.99)).toBeLessThan(3000)
    const after = await gateway.status()
    expect(after.queue['held']).toBe(messages + latenciesMs.length)
    // Of each message only where it is and where it goes: far less than its 2,000 octets.
    expect((after.memory.rssBytes - before) / messages).toBeLessThan(6000)
  },
  120_000,
)
