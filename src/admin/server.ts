import { chmod, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { Log } from '../mail/log.ts'
import type { Recognized } from './access.ts'
import type { Operations } from './operations.ts'

export type AdminServer = { close(): Promise<void> }

/**
 * The admin API on a unix socket that only its owner may open (0600). Who can open it may do everything. The caller holds
 * the lock of the state folder, so a socket file that is there is a leftover.
 */
export async function openAdmin(socketPath: string, handler: RequestListener, log: Log): Promise<AdminServer> {
  await rm(socketPath, { force: true })
  const server = createServer(handler)
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

export type Handled = {
  /** There when the gateway has started; calls wait for it. */
  readonly operations: Promise<Operations>
  readonly uploads: string
  readonly identify: (request: IncomingMessage) => Recognized
  readonly log: Log
}

/**
 * Loads the library behind the API. It holds up the event loop for tens of milliseconds: not while a start is waited for,
 * and not when somebody brings a graph while mail flows.
 */
export const loadRoutes = () => import('./routes.ts')

/** The library is loaded with the first call, if not before. */
export function lazyHandler(options: Handled): RequestListener {
  let handler: Promise<RequestListener> | undefined
  return (request, response) => {
    handler ??= Promise.all([loadRoutes(), options.operations]).then(([{ adminListener }, operations]) =>
      adminListener({ ...options, operations }),
    )
    handler
      .then((handle) => handle(request, response))
      .catch((error: Error) => {
        options.log.error('admin.failed', { error: error.message })
        response.destroy()
      })
  }
}
