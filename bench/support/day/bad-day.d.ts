export type DayRow = {
  readonly kind: string
  readonly text: string
  readonly delivered: number
  readonly failed: number
  /** Of those that were delivered: from the 250 to the other side, in milliseconds of our clock. */
  readonly waitsMs: readonly number[]
}

export declare function badDay(options: {
  readonly folder: string
  readonly domains: number
  readonly messages: number
  readonly speed: number
  readonly hours: number
  readonly perSecond: number
  readonly only?: string | null
  readonly onStep?: (text: string) => void
}): Promise<{
  readonly refused: readonly string[]
  readonly wrong: readonly string[]
  readonly strange: readonly string[]
  readonly bugs: readonly string[]
  readonly doubled: number
  readonly delayed: number
  readonly reportsTwice: number
  readonly inClear: number
  readonly rows: readonly DayRow[]
  readonly tokens: { readonly given: number; readonly failed: number }
}>
