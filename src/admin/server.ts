import { chmod, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { Log } from '../mail/log.ts'
import type { Operations } from './operations.ts'

export type AdminServer = { close(): Promise<void> }

/**
 * The admin API on a unix socket that only its owner may open (0600). Who can open it may do everything; there is no
 * other way in. The caller holds the lock of the state folder, so a socket file that is there is a leftover.
 */
export async function openAdmin(
  socketPath: string,
  uploads: string,
  operations: Operations,
  log: Log,
): Promise<AdminServer> {
  await rm(socketPath, { force: true })
  // The library behind it is loaded with the first call: a gateway that nobody asks anything needs none of it.
  let handler: Promise<RequestListener> | undefined
  const server = createServer((request, response) => {
    handler ??= import('./routes.ts').then(({ adminListener }) => adminListener(operations, uploads))
    handler
      .then((handle) => handle(request, response))
      .catch((error: Error) => {
        log.error('admin.failed', { error: error.message })
        response.destroy()
      })
  })
  const umask = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(socketPath, resolve)
    })
  } finally {
    process.umask(umask)
  }
  await chmod(socketPath, 0o600)
  server.on('error', (error) => log.error('admin.failed', { error: error.message }))
  return {
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(socketPath, { force: true })
    },
  }
}
