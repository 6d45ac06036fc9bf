import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer as createClear } from 'node:http'
import { createServer as createSecure } from 'node:https'
import { join } from 'node:path'

/** Certificates of the day, by openssl: an authority, one pair that is right for all strict hosts, one for somebody else. */
export function makeCertificates(folder, hosts) {
  const run = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  run(
    'req',
    '-x509',
    ...fresh,
    '-subj',
    '/CN=authority of the day',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '9',
  )
  const pair = (file, names) => {
    writeFileSync(join(folder, `${file}.ext`), `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}\n`)
    run('req', ...fresh, '-subj', `/CN=${file}`, '-keyout', `${file}.key`, '-out', `${file}.csr`)
    const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', `${file}.ext`]
    run('x509', '-req', '-in', `${file}.csr`, ...signer, '-days', '9', '-out', `${file}.pem`)
    return { cert: readFileSync(join(folder, `${file}.pem`)), key: readFileSync(join(folder, `${file}.key`)) }
  }
  return { ca: join(folder, 'ca.pem'), right: pair('right', hosts), wrong: pair('wrong', ['elsewhere.test']) }
}

/** MTA-STS policies of all strict domains: their own MX alone, enforced. */
export async function startPolicies({ cert, key }) {
  const server = createSecure({ cert, key }, (request, response) => {
    const domain = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^mta-sts\./, '')
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.end(`version: STSv1\r\nmode: enforce\r\nmx: mx.${domain}\r\nmax_age: 604800\r\n`)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: server.address().port, close: () => server.close() }
}

/** A token endpoint that fails while `isIll()`. Tokens are good for an hour of the driven time. */
export async function startTokens({ isIll, now, speed }) {
  const good = new Map()
  const counts = { given: 0, failed: 0 }
  const server = createClear((request, response) => {
    request.resume()
    request.on('end', () => {
      if (isIll()) {
        counts.failed++
        response.writeHead(503, { 'content-type': 'text/plain' })
        response.end('try later')
        return
      }
      const token = `token-${++counts.given}`
      good.set(token, now() + 3_600_000)
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: 3600 }))
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}/token`,
    counts,
    speed,
    isGood: (token) => (good.get(token) ?? 0) > now(),
    close: () => server.close(),
  }
}
