import pc from 'picocolors'

const paint: Record<string, (text: string) => string> = {
  error: pc.red,
  warn: pc.yellow,
  info: pc.green,
  debug: pc.dim,
}

/** A JSON log line as a person reads it: time of day, event, then `name=value`. */
export function prettyLine(line: string): string {
  const { time, level, event, ...fields } = JSON.parse(line) as Record<string, unknown>
  const clock = typeof time === 'string' ? time.slice(11, 23) : ''
  const color = paint[String(level)] ?? ((text: string) => text)
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${pc.dim(`${name}=`)}${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return `${pc.dim(clock)} ${color(String(event).padEnd(20))} ${rest.join(' ')}\n`
}
