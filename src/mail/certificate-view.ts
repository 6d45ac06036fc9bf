/** What is on the gateway's disk of the certificates that the active document names, and how it was found. */
export type CertificateView = {
  readonly name: string
  readonly file: string
  readonly subject: string
  readonly issuer: string
  readonly names: readonly string[]
  readonly notBefore: number
  readonly notAfter: number
  /** Listeners that show it. */
  readonly listeners: readonly string[]
  /** Why the files as they are now are not served, and older ones are; `null`: they are served. */
  readonly stale: string | null
}
