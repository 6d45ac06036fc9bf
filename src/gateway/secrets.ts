import { secretsOf } from '../credentials/credential-secrets.ts'
import { resolveSecret } from '../credentials/secret.ts'
import type { Control } from '../graph/control.ts'
import { ok, type Result, wrong } from '../mail/result.ts'
import type { SecretRef } from '../mail/settings.ts'

type Named = { readonly where: string; readonly ref: SecretRef }

/** Resolves all secrets that a graph names, by the text of their references, or says what is wrong with each. */
export async function resolveSecrets({ relays, credentials = [] }: Control): Promise<Result<Map<string, string>>> {
  const named: Named[] = [
    ...relays.flatMap(({ name, auth }) => (auth === null ? [] : [{ where: `relay ${name}`, ref: auth.pass }])),
    ...credentials.flatMap((one) => secretsOf(one).map((ref) => ({ where: `credentials ${one.id}`, ref }))),
  ]
  const secrets = new Map<string, string>()
  const problems: string[] = []
  for (const { where, ref } of named) {
    if (secrets.has(ref.$secret)) continue
    try {
      secrets.set(ref.$secret, await resolveSecret(ref))
    } catch (error) {
      problems.push(`${where}: ${(error as Error).message}`)
    }
  }
  return problems.length > 0 ? wrong(problems.join('; ')) : ok(secrets)
}
