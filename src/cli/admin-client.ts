import { type ClientRequest, type IncomingMessage, request } from 'node:http'
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
  throw refusal(status, body)
}

/** The same for a call whose answer is no JSON. */
export async function askForText(socketPath: string, path: string): Promise<string> {
  const { status, text } = await receive(socketPath, 'GET', path, (request) => request.end())
  if (status >= 200 && status < 300) return text
  throw refusal(status, jsonOf(text, socketPath))
}

function refusal(status: number, body: unknown): CommandError {
  const error = (body as { error?: unknown } | null)?.error
  return new CommandError(typeof error === 'string' ? error : `the gateway answered ${status}`)
}

/** Streams a body to the gateway; the answer is given whatever its status is. */
export const sendToGateway = (socketPath: string, path: string, body: Readable): Promise<AdminAnswer> =>
  exchange(socketPath, 'POST', path, (request) => {
    body.on('error', (error) => request.destroy(error)).pipe(request)
  })

async function exchange(
  socketPath: string,
  method: string,
  path: string,
  send: (request: ClientRequest) => void,
): Promise<AdminAnswer> {
  const { status, text } = await receive(socketPath, method, path, send)
  return { status, body: jsonOf(text, socketPath) }
}

function jsonOf(text: string, socketPath: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text)
  } catch {
    throw new CommandError(`the gateway at ${socketPath} gave no JSON: ${text.slice(0, 200)}`)
  }
}

function receive(
  socketPath: string,
  method: string,
  path: string,
  send: (request: ClientRequest) => void,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path, headers: { 'content-type': 'application/json' } }, (got) => {
      const chunks: Buffer[] = []
      got.on('data', (chunk: Buffer) => chunks.push(chunk))
      got.on('error', reject)
      got.on('end', () => resolve({ status: got.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
    })
    sent.on('error', (error) => reject(unreachable(socketPath, error)))
    send(sent)
  })
}

function unreachable(socketPath: string, error: NodeJS.ErrnoException): CommandError {
  const why = error.code === 'ENOENT' || error.code === 'ECONNREFUSED' ? 'no gateway is running there' : error.message
  return new CommandError(`cannot reach the gateway at ${socketPath}: ${why}`)
}

/** A long answer as it comes; any but a 2xx one ends the command with the gateway's own words. */
export async function openAnswer(socketPath: string, path: string): Promise<IncomingMessage> {
  const got = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request({ socketPath, method: 'GET', path }, resolve)
    sent.on('error', (error) => reject(unreachable(socketPath, error)))
    sent.end()
  })
  const status = got.statusCode ?? 0
  if (status >= 200 && status < 300) return got
  const chunks: Buffer[] = []
  for await (const chunk of got) chunks.push(chunk as Buffer)
  throw refusal(status, jsonOf(Buffer.concat(chunks).toString(), socketPath))
}
