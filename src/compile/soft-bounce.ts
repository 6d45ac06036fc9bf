import type { Leaf } from '../graph/graph.ts'
import type { Builder } from './builder.ts'

/**
 * `softBounce`: what a document refuses for good it refuses for now, by the nearest code that means "not now" (RFC 5321
 * §4.2.3). A refusal that asks for something (530: TLS, a login; 538) stays: it tells a client what to do.
 */
export function softened(leaf: Leaf): Leaf {
  if (!isForGood(leaf) || (leaf.code >= 530 && leaf.code < 540)) return leaf
  const code = leaf.code === 550 ? 450 : leaf.code === 552 ? 452 : 451
  return { ...leaf, code, status: `4${leaf.status.slice(1)}` }
}

/** In place of a greeting there is one "not now" alone (RFC 5321 §3.1, §3.8). */
export const atTheDoor = (build: Builder): Builder => ({
  ...build,
  leaf: (leaf) => build.leaf(isForGood(leaf) ? { ...leaf, code: 421, status: `4${leaf.status.slice(1)}` } : leaf),
})

const isForGood = (leaf: Leaf): leaf is Extract<Leaf, { kind: 'refuse' }> => leaf.kind === 'refuse' && leaf.code >= 500
