import { type ClientRequest, request } from 'node:http'
import type { Readable } from 'node:stream'
import { CommandError } from './run.ts'

export type AdminAnswer = { readonly status: number; readonly body: unknown }

/** The body of a 2xx answer; any other one ends the command with the gateway's own words. */
export async function askForJson(
  socketPath: string,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  text = '',
): Promise<unknown> {
  const { status, body } = await exchange(socketPath, method, path, (request) => request.end(text))
  if (status >= 200 && status < 300) return body
  const error = (body as { error?: unknown } | null)?.error
  throw new CommandError(typeof error === 'string' ? error : `the gateway answered ${status}`)
}

/** Streams a body to the gateway; the answer is given whatever its status is. */
export const sendToGateway = (socketPath: string, path: string, body: Readable): Promise<AdminAnswer> =>
  exchange(socketPath, 'POST', path, (request) => {
    body.on('error', (error) => request.destroy(error)).pipe(request)
  })

function exchange(
  socketPath: string,
  method: string,
  path: string,
  send: (request: ClientRequest) => void,
): Promise<AdminAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path, headers: { 'content-type': 'application/json' } }, (got) => {
      const chunks: Buffer[] = []
      got.on('data', (chunk: Buffer) => chunks.push(chunk))
      got.on('error', reject)
      got.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        try {
          resolve({ status: got.statusCode ?? 0, body: text === '' ? null : JSON.parse(text) })
        } catch {
          reject(new CommandError(`the gateway at ${socketPath} gave no JSON: ${text.slice(0, 200)}`))
        }
      })
    })
    sent.on('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'ENOENT' || error.code === 'ECONNREFUSED' ? 'no gateway is running there' : error.message
      reject(new CommandError(`cannot reach the gateway at ${socketPath}: ${why}`))
    })
    send(sent)
  })
}
