export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

/** `12.3 (11.8-13.0)`: median, least and most. */
export function spread(values, digits = 0) {
  const text = (value) => value.toFixed(digits)
  if (values.length === 1) return text(values[0])
  return `${text(median(values))} (${text(Math.min(...values))}-${text(Math.max(...values))})`
}

/** A table of Markdown, its columns as wide as they need. */
export function table(head, rows) {
  const cells = [head, ...rows].map((row) => row.map(String))
  const widths = head.map((_, i) => Math.max(...cells.map((row) => row[i].length)))
  const line = (row) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`
  const rule = `|${widths.map((width, i) => (i === 0 ? `${'-'.repeat(width + 2)}` : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(cells[0]), rule, ...cells.slice(1).map(line)].join('\n')
}

export const megabytes = (bytes) => bytes / 1024 / 1024

/** `--name value` or `--name` of the command line; `null` when it is not there. */
export function option(name) {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? null : (process.argv[at + 1] ?? '')
}
export const given = (name) => process.argv.includes(`--${name}`)

/** Prints the result: JSON for `--json`, otherwise what `print` makes of it. */
export function report(result, print) {
  process.stdout.write(given('json') ? `${JSON.stringify(result, null, 2)}\n` : `${print(result)}\n`)
}
