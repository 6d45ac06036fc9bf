import type { Document } from '../config/document.ts'
import type { Builder, Ref } from './builder.ts'
import { byClient } from './clients.ts'
import { refusal } from './refusal.ts'

/** Sizes up to the smaller of the listener's and the client's pass to `next`. A size that is not known passes. */
export function sizeLimit(build: Builder, document: Document, next: Ref): Ref {
  const over = (bytes: number, at: string, then = next, mode?: 'observe') => {
    const reply = { code: 552, status: '5.3.4', text: `message size exceeds ${bytes} octets`, at }
    return build.compare('size', bytes, refusal(build, { ...reply, mode }, then), then, at)
  }
  const byListener = (client: { readonly bytes: number; readonly at: string } | null): Ref => {
    const cases = document.listeners.map(({ name, maxSizeBytes, at }) => {
      const smaller =
        client !== null && client.bytes < maxSizeBytes ? client : { bytes: maxSizeBytes, at: `${at}.maxSize` }
      return [name, over(smaller.bytes, smaller.at)] as const
    })
    const { maxSizeBytes } = document.limits
    const rest = client !== null && client.bytes < maxSizeBytes ? client : { bytes: maxSizeBytes, at: 'limits.maxSize' }
    return build.choice('listener', cases, over(rest.bytes, rest.at))
  }
  const strangers = byListener(null)
  return byClient(build, document, strangers, ({ maxSizeBytes, at, mode }) => {
    if (maxSizeBytes === null) return null
    if (mode === 'observe') return over(maxSizeBytes, `${at}.maxSize`, strangers, mode)
    return byListener({ bytes: maxSizeBytes, at: `${at}.maxSize` })
  })
}

/** One Received line more than this is a loop (RFC 5321 §6.3). */
export function hopLimit(build: Builder, document: Document, next: Ref): Ref {
  const at = 'limits.maxHops'
  const loop = build.leaf({
    kind: 'refuse',
    code: 554,
    status: '5.4.6',
    text: 'too many hops, this is a mail loop',
    at,
  })
  return build.compare('hops', document.limits.maxHops, loop, next, at)
}
