import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, startPeer, tempFolder } from './peer.ts'

export type HaProxy = {
  /** Ports that hand connections on with a header of version 1, of version 2, and of version 2 with fields and checks. */
  readonly v1: number
  readonly v2: number
  readonly fields: number
}

/** A HAProxy of its own before the SMTP server on `port`. Stopped with the test. */
export async function startHaProxy(port: number): Promise<HaProxy> {
  const folder = tempFolder()
  const [v1, v2, fields] = [await freePort(), await freePort(), await freePort()]
  const file = join(folder, 'haproxy.cfg')
  const way = (name: string, at: number, options: string) => `
frontend ${name}
  bind 127.0.0.1:${at}
  default_backend to-${name}
backend to-${name}
  server server 127.0.0.1:${port} ${options}
`
  writeFileSync(
    file,
    `global
  maxconn 100
defaults
  mode tcp
  timeout connect 2s
  timeout client 10s
  timeout server 10s
${way('v1', v1, 'send-proxy')}${way('v2', v2, 'send-proxy-v2')}${way(
  'fields',
  fields,
  'send-proxy-v2 proxy-v2-options unique-id,authority,crc32c check inter 100ms check-send-proxy',
)}`,
  )
  await startPeer('haproxy', ['-db', '-f', file], { port: fields })
  return { v1, v2, fields }
}
