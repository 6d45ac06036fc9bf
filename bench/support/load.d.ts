export type Load = {
  readonly acknowledged: Set<string>
  readonly unknown: Set<string>
  readonly totals: { readonly dropped: number; readonly refused: number; readonly lastReply: string }
  readonly done: Promise<void>
  stop(): Promise<void>
  cut(): void
}
export function startLoad(options: {
  readonly port: number
  readonly sessions: number
  readonly count?: number
  readonly sizeBytes?: number
  readonly perSecond?: number
  readonly name?: string
  readonly to?: string
}): Load
