import { reportedDocument } from '../bundle.ts'
import { withResolver } from '../check-dns/with-resolver.ts'
import { dnsPlan } from '../dns/dns-plan.ts'
import { dnsPlanText, dnsPlanZone } from '../dns/plan-lines.ts'
import { isDue } from '../dns/planned.ts'
import { flag, type Run } from '../run.ts'

export const run: Run = async ({ options, terminal }) => {
  const { loaded } = await reportedDocument(options, terminal)
  const plan = await withResolver(loaded.document, (asking) => dnsPlan(loaded.document, asking))
  if (flag(options, 'json')) terminal.out(`${JSON.stringify(plan, null, 2)}\n`)
  else terminal.out(flag(options, 'zone') ? dnsPlanZone(plan) : dnsPlanText(plan))
  return [...plan.records, ...plan.files].some(isDue) ? 2 : 0
}
