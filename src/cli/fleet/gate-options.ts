import type { Gates } from '../../admin/protocol.ts'
import { ok, type Result, wrong } from '../../mail/result.ts'

const rates = new Map([
  ['reject-rate', 'rejectRate'],
  ['defer-rate', 'deferRate'],
  ['failure-rate', 'failureRate'],
] as const)

/** Counts below which a rate says nothing: one refused message of three is no rate. */
export const defaultMinMessages = 20

/** Reads `reject-rate=2%` and `min-messages=50`; `null` when there are none. */
export function readGates(texts: readonly string[]): Result<Gates | null> {
  const gates = { rejectRate: null, deferRate: null, failureRate: null, minMessages: defaultMinMessages } as {
    -readonly [Key in keyof Gates]: Gates[Key]
  }
  let any = false
  for (const text of texts) {
    const expected = `expected reject-rate=2%, defer-rate=5%, failure-rate=1% or min-messages=50, got ${JSON.stringify(text)}`
    const [, name = '', value = ''] = /^([a-z-]+)=(.+)$/.exec(text) ?? []
    if (name === 'min-messages') {
      if (!/^[1-9]\d{0,8}$/.test(value)) return wrong(expected)
      gates.minMessages = Number(value)
      continue
    }
    const key = rates.get(name as 'reject-rate')
    const percent = /^(\d{1,3}(?:\.\d{1,3})?)%$/.exec(value)?.[1]
    if (key === undefined || percent === undefined || Number(percent) > 100) return wrong(expected)
    gates[key] = Number(percent) / 100
    any = true
  }
  if (!any && texts.length > 0) return wrong('expected a rate beside min-messages, such as reject-rate=2%')
  return ok(any ? gates : null)
}

/** `reject rate over 2%, after 20 messages`. */
export function gatesText(gates: Gates): string {
  const parts = [...rates].flatMap(([name, key]) => {
    const share = gates[key]
    return share === null ? [] : [`${name.replace('-', ' ')} over ${+(share * 100).toFixed(3)}%`]
  })
  return `${parts.join(', ')}, after ${gates.minMessages} messages`
}
