import type { Document } from '../config/document.ts'
import type { Builder, Ref } from './builder.ts'
import { byClient } from './clients.ts'

/** Sizes up to the smaller of the listener's and the client's pass to `next`. A size that is not known passes. */
export function sizeLimit(build: Builder, document: Document, next: Ref): Ref {
  const over = (bytes: number, at: string) =>
    build.compare(
      'size',
      bytes,
      build.leaf({ kind: 'refuse', code: 552, status: '5.3.4', text: `message size exceeds ${bytes} octets`, at }),
      next,
      at,
    )
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
  return byClient(build, document, byListener(null), ({ maxSizeBytes, at }) =>
    maxSizeBytes === null ? null : byListener({ bytes: maxSizeBytes, at: `${at}.maxSize` }),
  )
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
