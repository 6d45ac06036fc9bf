import { secretsOf } from '../credentials/credential-secrets.ts'
import { readSecret, resolveSecret } from '../credentials/secret.ts'
import { keyProblem } from '../egress/oauth/check-grant.ts'
import type { Control } from '../graph/control.ts'
import { secretsOfCheck } from '../mail/recipient-check.ts'
import { keyOfLogin, secretsOfLogin, wholeName } from '../mail/relay-login.ts'
import { ok, type Result, wrong } from '../mail/result.ts'
import type { SecretRef } from '../mail/settings.ts'

type Named = { readonly where: string; readonly ref: SecretRef; readonly isKey?: true }

/** Resolves all secrets that a graph names, by the text of their references, or says what is wrong with each. */
export async function resolveSecrets(control: Control): Promise<Result<Map<string, string>>> {
  const { values: secrets, problems } = await readSecrets(control)
  if (problems.length === 0) {
    for (const { name, auth } of control.relays) {
      const problem = auth === null ? null : keyProblem(auth, secrets)
      if (problem !== null) problems.push(`relay ${name}: ${problem}`)
    }
  }
  return problems.length > 0 ? wrong(problems.join('; ')) : ok(secrets)
}

/** The secrets that could be read, and what is wrong with the others. */
export async function readSecrets({
  relays,
  credentials = [],
  recipientChecks = [],
  srs,
}: Control): Promise<{ readonly values: Map<string, string>; readonly problems: string[] }> {
  const named: Named[] = [
    ...relays.flatMap(({ name, auth }) =>
      auth === null ? [] : secretsOfLogin(auth).map((ref) => ({ where: `relay ${name}`, ref })),
    ),
    ...recipientChecks.flatMap((one) =>
      secretsOfCheck(one).map((ref) => ({ where: `recipientChecks ${one.id}`, ref })),
    ),
    ...(srs?.secrets ?? []).map((ref) => ({ where: 'srs', ref })),
    ...credentials.flatMap((one) => secretsOf(one).map((ref) => ({ where: `credentials ${one.id}`, ref }))),
  ]
  for (const { name, auth } of relays) {
    const key = auth === null ? null : keyOfLogin(auth)
    if (key !== null) named.push({ where: `relay ${name}`, ref: key, isKey: true })
  }
  const secrets = new Map<string, string>()
  const problems: string[] = []
  for (const { where, ref, isKey } of named) {
    const name = isKey ? wholeName(ref) : ref.$secret
    if (secrets.has(name)) continue
    try {
      secrets.set(name, isKey ? (await readSecret(ref.$secret, { whole: true })).value : await resolveSecret(ref))
    } catch (error) {
      problems.push(`${where}: ${(error as Error).message}`)
    }
  }
  return { values: secrets, problems }
}
