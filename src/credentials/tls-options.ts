import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'

/**
 * TLS towards a back-end: its certificate and name are always checked. The file of authorities is read for each
 * connection, so that a renewed one needs no restart; `null`: the authorities that came with the runtime.
 */
export async function tlsOptions(host: string, ca: string | null): Promise<ConnectionOptions> {
  const authorities = ca === null ? {} : { ca: await readAuthorities(ca) }
  // `host` is what the certificate must be for when no name is sent: SNI has no addresses (RFC 6066 §3).
  const name = isIP(host) === 0 ? { servername: host } : {}
  return { ...authorities, ...name, host, minVersion: 'TLSv1.2', rejectUnauthorized: true }
}

async function readAuthorities(file: string): Promise<string> {
  try {
    const text = await readFile(file, 'utf8')
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  } catch (error) {
    throw new Error(`the certificates of ${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`)
  }
  throw new Error(`${file} holds no certificate`)
}
