import type { HttpLoginSettings } from '../mail/login-settings.ts'
import { parseJson, readAcceptance } from './acceptance.ts'
import type { SecretValue } from './credential-secrets.ts'
import type { Found, Source, SourceParts } from './source.ts'
import { webEndpoint } from './web-call.ts'

/**
 * An endpoint of the operator. It is asked by POST with JSON, and its answer is 200 with `{"accepted": true}` (it may say
 * `login` and `addresses` beside it), `{"accepted": false}`, or that with `"unknown": true`, which asks the next back-end;
 * or 401, a refusal. Whatever else it says is no answer: a page of a proxy is neither a yes nor a no.
 */
export function httpSource({ url, header, ca }: HttpLoginSettings, secret: SecretValue, parts: SourceParts): Source {
  const endpoint = webEndpoint(url, ca, parts.lookUp)
  const own = header === null ? {} : { [header.name]: secret(header.value) }
  const headers = { ...own, 'content-type': 'application/json' }

  return {
    async checkPassword(login, password, { client, listener, tls }, signal): Promise<Found> {
      const body = JSON.stringify({ login, password, client, listener, tls })
      const answer = await endpoint.call({ method: 'POST', headers, body }, signal)
      if (answer.status === 401) return { kind: 'refused' }
      if (answer.status !== 200) throw new Error(`the endpoint answers ${answer.status}`)
      const said = parseJson(answer.body)
      if (!said.ok || typeof said.value !== 'object' || said.value === null) {
        throw new Error('the endpoint does not answer with a JSON object')
      }
      const fields = new Map(Object.entries(said.value))
      if (fields.get('accepted') === false) return { kind: fields.get('unknown') === true ? 'unknown' : 'refused' }
      if (fields.get('accepted') !== true)
        throw new Error('the endpoint says neither accepted: true nor accepted: false')
      const accepted = readAcceptance(said.value, login)
      if (!accepted.ok) throw new Error(`the endpoint: ${accepted.error}`)
      return accepted.value
    },
    async close() {
      endpoint.close()
    },
  }
}
