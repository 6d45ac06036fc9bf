import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { realDisk } from '../../src/queue/disk.ts'
import { tempFolder } from '../support/peer.ts'
import { bodyOf, contentOf, open } from './messages.ts'

vi.setConfig({ testTimeout: 120_000 })

const jiti = fileURLToPath(new URL('../../node_modules/jiti/lib/jiti-cli.mjs', import.meta.url))
const child = fileURLToPath(new URL('./kill-child.ts', import.meta.url))

/** Lets a real process work on `dir` and kills it when it has said `lines` lines. */
function workAndKill(dir: string, lines: number): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const process = spawn('node', [jiti, child, dir], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    process.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (output.split('\n').length > lines) process.kill('SIGKILL')
    })
    process.once('error', reject)
    // `close`: what the process had said before it was killed is still in the pipe when it has ended.
    process.once('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(output.split('\n').slice(0, -1))
      else reject(new Error(`the child ended with ${code}`))
    })
  })
}

test('kill -9 under load: nothing acknowledged is lost, nothing that was marked comes back', async () => {
  const dir = tempFolder()
  const sizes = new Map<string, number>()
  const stored = new Set<string>()
  const delivering = new Set<string>()
  const marked = new Set<string>()
  for (const lines of [3, 60, 200, 411, 777, 1234]) {
    for (const line of await workAndKill(dir, lines)) {
      const [what, id = '', size] = line.split(' ')
      if (what === 'offer') sizes.set(id, Number(size))
      if (what === 'stored') stored.add(id)
      if (what === 'deliver') delivering.add(id)
      if (what === 'marked') marked.add(id)
    }
    const { spool, recovered } = await open({ dir, disk: realDisk, segmentBytes: 1024 * 1024, pieceBytes: 32 * 1024 })
    expect(recovered.damaged).toBe(0)
    const found = new Set(recovered.entries.map(({ id }) => id))
    for (const id of stored) if (!delivering.has(id)) expect(found.has(id), `${id} is lost`).toBe(true)
    for (const id of marked) expect(found.has(id), `${id} is back`).toBe(false)
    for (const entry of recovered.entries) {
      const size = sizes.get(entry.id)
      expect(size, `${entry.id} was never offered`).toBeDefined()
      expect((await contentOf(entry.body)).equals(bodyOf(entry.id, size!)), `${entry.id} is not whole`).toBe(true)
      // Found whole, though never acknowledged: from now on it is kept like any other.
      stored.add(entry.id)
    }
    await spool.close()
  }
  expect(stored.size).toBeGreaterThan(100)
  expect(marked.size).toBeGreaterThan(50)
})
