export declare const attackNames: readonly string[]
export declare function attackText(name: string): string

export type Attack = { stop(): Promise<Readonly<Record<string, number>>> }
export declare function startAttack(options: {
  readonly attack: string
  readonly port: number
  readonly tlsPort: number
  readonly scale: number
}): Attack

export declare function sendOne(options: {
  readonly port: number
  readonly from?: string
  readonly to?: string
  readonly withinMs?: number
}): Promise<string>

export type WellBehaved = {
  stop(): Promise<{ readonly latenciesMs: readonly number[]; readonly failures: readonly string[] }>
}
export declare function wellBehaved(options: {
  readonly port: number
  readonly perSecond?: number
  readonly atOnce?: number
}): WellBehaved

export declare function percentile(values: readonly number[], share: number): number
