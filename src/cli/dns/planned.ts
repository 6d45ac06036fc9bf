/**
 * `published`    it is as it should be
 * `add`          it is missing, and mail suffers
 * `change`       something else is there, and mail suffers
 * `ask`          missing or otherwise, and whoever owns the addresses has to put it there
 * `suggest`      mail flows without it, and is safer with it
 * `cannot tell`  nobody answered, or this document does not say what it should be
 */
export const states = ['published', 'add', 'change', 'ask', 'suggest', 'cannot tell'] as const
export type PlannedState = (typeof states)[number]

/** What should stand at one name, and what does. */
export type PlannedRecord = {
  readonly name: string
  readonly type: 'MX' | 'A' | 'AAAA' | 'TXT' | 'TLSA' | 'PTR'
  readonly state: PlannedState
  /** As a zone has it, names with their final dot; texts without quotes. Empty: this document does not say. */
  readonly wanted: readonly string[]
  /** `null`: nobody could tell. */
  readonly published: readonly string[] | null
  readonly why: string
}

/** What a web server should show. */
export type PlannedFile = {
  readonly url: string
  readonly state: PlannedState
  readonly text: string
  readonly why: string
}

export type Planned = { readonly records: readonly PlannedRecord[]; readonly files: readonly PlannedFile[] }

/** States after which somebody has something to do. */
export const isDue = ({ state }: { readonly state: PlannedState }): boolean =>
  state === 'add' || state === 'change' || state === 'ask'

export const fqdn = (name: string): string => `${name}.`
