import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { onTestFinished } from 'vitest'
import type { Certificate } from './certificates.ts'

/** What a server of MTA-STS policies does with a request. `silent`: it takes it and says nothing. */
export type PolicyAnswer =
  | { readonly kind: 'policy'; readonly lines: readonly string[]; readonly type?: string }
  | { readonly kind: 'status'; readonly status: number; readonly location?: string }
  | { readonly kind: 'endless' }
  | { readonly kind: 'cut' }
  | { readonly kind: 'silent' }

/** The same for all, or by the host that is asked for. */
export type PolicyAnswers = PolicyAnswer | ((host: string) => PolicyAnswer)

export type PolicyServer = {
  readonly port: number
  /** `host path` of each request. */
  readonly asked: readonly string[]
  answer: PolicyAnswers
  close(): Promise<void>
}

/** An HTTPS server on loopback. Closed with the test. */
export async function startPolicyServer(certificate: Certificate, answer: PolicyAnswers): Promise<PolicyServer> {
  const asked: string[] = []
  const tls = { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) }
  const server = createServer(tls, (request, response) => {
    asked.push(`${request.headers.host ?? ''} ${request.url ?? ''}`)
    const host = (request.headers.host ?? '').replace(/:\d+$/, '')
    const answer = typeof running.answer === 'function' ? running.answer(host) : running.answer
    switch (answer.kind) {
      case 'policy':
        response.writeHead(200, { 'content-type': answer.type ?? 'text/plain' })
        response.end(`${answer.lines.join('\r\n')}\r\n`)
        break
      case 'status':
        response.writeHead(answer.status, answer.location === undefined ? {} : { location: answer.location })
        response.end('moved\r\n')
        break
      case 'endless': {
        response.writeHead(200, { 'content-type': 'text/plain' })
        const more = () => {
          while (!response.destroyed && response.write(`${'x'.repeat(8000)}\r\n`));
        }
        response.on('drain', more)
        more()
        break
      }
      case 'cut':
        response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '1000' })
        response.write('version: STSv1\r\n')
        setImmediate(() => response.destroy())
        break
      case 'silent':
        break
    }
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  onTestFinished(close)
  const running: PolicyServer = { port: (server.address() as { port: number }).port, asked, answer, close }
  return running
}
