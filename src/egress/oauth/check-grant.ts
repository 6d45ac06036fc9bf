import type { RelayLogin } from '../../mail/relay-login.ts'
import { grantRequest } from './grant-request.ts'

/** What is wrong with the keys of a login, in words; `null`: nothing. Asked before a graph may serve. */
export function keyProblem(login: RelayLogin, secrets: ReadonlyMap<string, string>): string | null {
  if (!('oauth' in login)) return null
  const request = grantRequest(login.oauth, { secrets, id: () => '' })
  return request.ok ? null : request.error
}
