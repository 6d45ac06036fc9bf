/** A value and the values of its labels, in the order of the family's `labels`. */
export type Sample = readonly [value: number, ...labels: readonly string[]]

export type Family = {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly labels: readonly string[]
  readonly samples: Iterable<Sample>
}

export const expositionType = 'text/plain; version=0.0.4; charset=utf-8'

/** Prometheus text format 0.0.4. A family without samples is named all the same, so that its reader sees that it exists. */
export function exposition(families: Iterable<Family>): string {
  const lines: string[] = []
  for (const { name, type, help, labels, samples } of families) {
    lines.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`)
    // Two of one name make the reader throw all of it away; the first one counts.
    const written = new Set<string>()
    for (const [value, ...values] of samples) {
      const pairs = labels.map((label, i) => `${label}="${escapeLabel(values[i] ?? '')}"`).join(',')
      if (written.has(pairs)) continue
      written.add(pairs)
      lines.push(`${name}${pairs === '' ? '' : `{${pairs}}`} ${valueText(value)}`)
    }
  }
  return lines.map((line) => `${line}\n`).join('')
}

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')

const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"')

const valueText = (value: number): string =>
  value === Number.POSITIVE_INFINITY ? '+Inf' : value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
