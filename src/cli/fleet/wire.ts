import { readFile } from 'node:fs/promises'
import type { RequestOptions as PlainOptions } from 'node:http'
import type { RequestOptions as TlsOptions } from 'node:https'
import { resolve } from 'node:path'
import type { GatewayReach } from '../../config/document.ts'
import { readSecret } from '../../credentials/secret.ts'
import { assertNever } from '../../mail/result.ts'
import { openTunnel } from './ssh-tunnel.ts'

/** A way to a gateway's admin API that is open: what a request needs to go it. */
export type Wire = {
  readonly secure: boolean
  readonly options: PlainOptions & TlsOptions
  close(): Promise<void>
}

/** Opens the way that the document names. Throws with one sentence; a secret is never in it. */
export async function openWire(reach: GatewayReach, folder: string): Promise<Wire> {
  const nothing = async () => {}
  switch (reach.kind) {
    case 'unix':
      return { secure: false, options: { socketPath: socketIn(resolve(folder, reach.path)) }, close: nothing }
    case 'ssh': {
      const tunnel = await openTunnel({ ...reach, path: socketIn(reach.path) })
      return { secure: false, options: { socketPath: tunnel.socketPath }, close: tunnel.close }
    }
    case 'tls':
      return { secure: true, options: await tlsOptions(reach, folder), close: nothing }
    default:
      return assertNever(reach)
  }
}

/** A state folder holds its socket; a path that ends in `.sock` is one. */
export const socketIn = (path: string): string =>
  path.endsWith('.sock') ? path : `${path.replace(/\/+$/, '')}/admin.sock`

/** Who is asked, as a person would write it. */
export function reachText(reach: GatewayReach): string {
  switch (reach.kind) {
    case 'unix':
      return socketIn(reach.path)
    case 'ssh': {
      const to = `${reach.user === null ? '' : `${reach.user}@`}${reach.host}${reach.port === null ? '' : `:${reach.port}`}`
      return `ssh ${to} ${socketIn(reach.path)}`
    }
    case 'tls':
      return `https://${reach.host.includes(':') ? `[${reach.host}]` : reach.host}:${reach.port}`
    default:
      return assertNever(reach)
  }
}

async function tlsOptions(reach: Extract<GatewayReach, { kind: 'tls' }>, folder: string): Promise<TlsOptions> {
  const { host, port, ca, certificate, token } = reach
  const read = (what: string, file: string) =>
    readFile(resolve(folder, file)).catch((error: Error) => {
      throw new Error(`the ${what} cannot be read: ${error.message}`)
    })
  return {
    host,
    port,
    minVersion: 'TLSv1.2',
    ...(ca === null ? {} : { ca: await read('CA', ca) }),
    ...(certificate === null
      ? {}
      : { cert: await read('certificate', certificate.cert), key: await read('key', certificate.key) }),
    ...(token === null ? {} : { headers: { authorization: `Bearer ${(await readSecret(token.$secret)).value}` } }),
  }
}
