import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext, type SecureContext } from 'node:tls'
import { tempFolder } from '../support/peer.ts'

export type Certificate = {
  readonly pem: string
  readonly key: string
  readonly files: { readonly cert: string; readonly key: string }
  readonly context: SecureContext
}

/** A self-signed certificate for `name`, which is its own authority. */
export function certificate(name: string): Certificate {
  const folder = tempFolder()
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  const run = spawnSync('openssl', [
    ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'.split(' '),
    ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', files.key, '-out', files.cert],
  ])
  if (run.status !== 0) throw new Error(`openssl: ${run.stderr}`)
  const pem = readFileSync(files.cert, 'utf8')
  const key = readFileSync(files.key, 'utf8')
  return { pem, key, files, context: createSecureContext({ cert: pem, key }) }
}
