import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { RefreshStore } from './fetch-token.ts'

const maxOctets = 16_384

/**
 * A refresh token in a file that nobody else reads. It is replaced as a whole: who crashes in between has the old one or
 * the new one, and never half of one. A file that is empty or no token counts as none.
 */
export const refreshFile = (file: string): RefreshStore => ({
  async read() {
    const text = await readFile(file, 'latin1').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''
      throw new Error(`the refresh token in ${file} cannot be read: ${error.code}`)
    })
    const token = text.trimEnd()
    return /^[!-~]+$/.test(token) && token.length <= maxOctets ? token : null
  },
  async write(token) {
    const folder = dirname(file)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const fresh = `${file}.new`
    const handle = await open(fresh, 'w', 0o600)
    try {
      await handle.writeFile(`${token}\n`, 'latin1')
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(fresh, file)
    const above = await open(folder, 'r')
    try {
      await above.sync()
    } finally {
      await above.close()
    }
  },
})
