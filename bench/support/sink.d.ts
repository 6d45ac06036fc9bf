export type SinkCounts = {
  readonly messages: number
  readonly recipients: number
  /** Different (message, recipient) pairs. */
  readonly unique: number
  readonly duplicates: number
  readonly octets: number
  readonly connections: number
  readonly open: number
  readonly refused: number
  /** Epoch ms; 0 before. */
  readonly firstAt: number
  readonly lastAt: number
  readonly cpuSeconds: number
}
export type Sink = {
  readonly port: number
  readonly pid: number
  counts(): Promise<SinkCounts>
  stop(): Promise<SinkCounts>
}
export function buildSink(): string
export function startSink(options?: readonly (string | number)[]): Promise<Sink>
