import { request as plain } from 'node:http'
import { type RequestOptions, request as secure } from 'node:https'

export type Answered<Body = Record<string, unknown>> = { readonly status: number; readonly body: Body }

/** Where an admin API is and what is shown to it. */
export type Door = RequestOptions & { readonly tls?: boolean }

/** One call; the answer whatever its status is. */
export function call<Body = Record<string, unknown>>(
  { tls, ...door }: Door,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answered<Body>> {
  const text = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', ...(door.headers as Record<string, string>) }
    const sent = (tls === true ? secure : plain)({ ...door, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const got = Buffer.concat(chunks).toString()
        resolve({ status: response.statusCode ?? 0, body: (got === '' ? null : JSON.parse(got)) as Body })
      })
    })
    sent.on('error', reject)
    sent.end(text)
  })
}
