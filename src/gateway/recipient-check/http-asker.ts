import { parseJson } from '../../credentials/acceptance.ts'
import type { SecretValue } from '../../credentials/credential-secrets.ts'
import type { LookUp } from '../../credentials/source.ts'
import { webEndpoint } from '../../credentials/web-call.ts'
import type { HttpRecipients } from '../../mail/recipient-check.ts'
import type { Asker } from './asker.ts'

/**
 * An endpoint of the operator, asked by POST with JSON. Only 200 with `{"exists": true}` or `{"exists": false}` is an
 * answer: a page of a proxy, or a 404 of a moved endpoint, must not refuse mail.
 */
export function httpAsker({ url, header, ca }: HttpRecipients, secret: SecretValue, lookUp: LookUp): Asker {
  const endpoint = webEndpoint(url, ca, lookUp)
  const own = header === null ? {} : { [header.name]: secret(header.value) }
  const headers = { ...own, 'content-type': 'application/json' }
  const { origin, pathname } = new URL(url)
  const shown = `${origin}${pathname}`
  return {
    async ask({ localPart, domain }, signal, tell) {
      tell(`POST ${shown}`)
      const body = JSON.stringify({ address: `${localPart}@${domain}`, localPart, domain })
      const answer = await endpoint.call({ method: 'POST', headers, body }, signal)
      if (answer.status !== 200) throw new Error(`${shown} answers ${answer.status}`)
      const said = parseJson(answer.body)
      const isObject = said.ok && typeof said.value === 'object' && said.value !== null
      const exists = isObject ? new Map(Object.entries(said.value)).get('exists') : undefined
      if (typeof exists !== 'boolean') throw new Error(`${shown} says neither exists: true nor exists: false`)
      return { kind: exists ? 'exists' : 'unknown', reason: `${shown} says so` }
    },
    close: () => endpoint.close(),
  }
}
