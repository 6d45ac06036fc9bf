import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Activated, ActivateRequest, JournalAnswer, Prepared, PrepareRequest } from '../../src/admin/protocol.ts'
import { call, type Door } from './call.ts'
import { command, type Running, writeDocument } from './gateway.ts'

export { type Answered, call, type Door } from './call.ts'

export const socketOf = (gateway: Pick<Running, 'stateDir'>): Door => ({
  socketPath: join(gateway.stateDir, 'admin.sock'),
})

/** Compiles a document in the gateway's folder, without serving it. */
export async function compiled(
  gateway: Pick<Running, 'folder'>,
  document: object,
): Promise<{ hash: string; bundle: string }> {
  const file = join(gateway.folder, `bundle-${createHash('sha256').update(JSON.stringify(document)).digest('hex')}.mgw`)
  const config = writeDocument(gateway.folder, document)
  const { code, err } = await command(['graph', '--config', config, '--output', file])
  if (code !== 0) throw new Error(`the document does not compile: ${err}`)
  const bundle = readFileSync(file, 'utf8')
  return { hash: (JSON.parse(bundle) as { hash: string }).hash, bundle }
}

/** Compiles and uploads; gives the hash. */
export async function upload(gateway: Running, document: object): Promise<string> {
  const { hash, bundle } = await compiled(gateway, document)
  const { status, body } = await call(socketOf(gateway), 'PUT', `/v1/graphs/${hash}`, bundle)
  if (status !== 201 && status !== 200) throw new Error(`upload answered ${status} ${JSON.stringify(body)}`)
  return hash
}

export const prepareOf = (hash: string, more: Partial<PrepareRequest> = {}): PrepareRequest => ({
  hash,
  base: null,
  actor: 'a test',
  reason: 'to see what happens',
  commit: null,
  planHash: null,
  witnesses: null,
  boxes: null,
  ...more,
})

export const activateOf = (token: string, more: Partial<ActivateRequest> = {}): ActivateRequest => ({
  token,
  confirmWithinMs: null,
  gates: null,
  shadow: false,
  holdQueue: false,
  ...more,
})

/** Upload, prepare, activate; throws when one of them is refused. */
export async function activated(
  gateway: Running,
  document: object,
  request: Partial<ActivateRequest> = {},
  prepare: Partial<PrepareRequest> = {},
): Promise<Activated> {
  const hash = await upload(gateway, document)
  const prepared = await call<Prepared>(socketOf(gateway), 'POST', '/v1/prepare', prepareOf(hash, prepare))
  if (prepared.status !== 200) throw new Error(`prepare answered ${prepared.status} ${JSON.stringify(prepared.body)}`)
  const answer = await call<Activated>(
    socketOf(gateway),
    'POST',
    '/v1/activate',
    activateOf(prepared.body.token, request),
  )
  if (answer.status !== 200) throw new Error(`activate answered ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body
}

export const journalOf = async (gateway: Running, after = 0): Promise<JournalAnswer> =>
  (await call<JournalAnswer>(socketOf(gateway), 'GET', `/v1/journal?after=${after}`)).body
