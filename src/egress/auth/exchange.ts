/** The client's side of one mechanism, for one login. Texts are UTF-8, before base64. */
export type ClientExchange = {
  /** What the client says first. */
  readonly initial: string
  answer(challenge: string): Promise<ClientStep> | ClientStep
  /** Why the host's 235 is not to be believed, or `null`. */
  unproved(): string | null
  /** What the host said of why it refuses, in words; `null`: nothing beyond its reply. */
  told(): string | null
}

/** `stop`: the host does not do what the mechanism demands of it; nothing more is said to it. */
export type ClientStep =
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'stop'; readonly why: string }

export const say = (text: string): ClientStep => ({ kind: 'say', text })
export const stop = (why: string): ClientStep => ({ kind: 'stop', why })

/** A mechanism that asks nothing of the host beyond its 235. */
export const trusting = { unproved: () => null, told: () => null } as const
