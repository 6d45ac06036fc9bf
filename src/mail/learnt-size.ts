/** The size limit that a host of a next hop announced, and when (epoch ms). */
export type LearntSize = {
  readonly nextHop: string
  readonly host: string
  readonly sizeBytes: number
  readonly at: number
}
