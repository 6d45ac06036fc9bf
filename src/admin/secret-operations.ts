/** A secret as a gateway has it, told by nothing of its value. */
export type SecretPrint = {
  /** Which secret it is: equal references, equal ids under one key. */
  readonly id: string
  /** The reference for a reader; of a program only its name. */
  readonly ref: string
  /** HMAC-SHA256 of the value that the active graph uses, in hex, under the key of the call. */
  readonly print: string
  /** What its source gives now: the same value, another one, or none, and then a login would fail after a restart. */
  readonly source: 'same' | 'changed' | 'unreadable'
}

export type SecretOperations = {
  /** `key`: of the caller, made for one comparison. */
  prints(key: Buffer): Promise<readonly SecretPrint[]>
}
