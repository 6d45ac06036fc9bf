import type { Envelope } from '../mail/envelope.ts'

/** One message on its way into the spool. Ends with `commit` or `abort`, once. */
export type Intake = {
  readonly id: string
  /** Copies the chunk, whose memory stays the caller's. `false`: write no more until `onReady` of `begin` is called. */
  write(chunk: Buffer): boolean
  /**
   * Calls back when the message is on stable storage, or with the `SpoolError` that prevented it (then nothing is left
   * of it). The queue starts to deliver it by itself.
   */
  commit(envelope: Envelope, facts: BodyFacts, done: (error: Error | null) => void): void
  abort(): void
}

export type BodyFacts = { readonly dots: boolean; readonly eightBit: boolean }

export type Inlet = {
  /** `null`: no room now; answer 452 4.3.1. */
  begin(onReady: () => void): Intake | null
}
