import { type DestinationStream, destination, pino } from 'pino'
import type { Log, LogFields } from '../mail/log.ts'
import { prettyLine } from './pretty.ts'

export const logLevels = ['error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]

export type OpenLog = Log & { flush(): void }

/**
 * JSON lines on standard output: `time` (ISO), `level`, `event`, then the event's fields (`docs/log.md`). Lines are
 * gathered and written every 200 ms or 8 KiB, whichever is first, so that a log line costs no system call of its own.
 */
export function openLog(options: { level: LogLevel; pretty: boolean }): OpenLog {
  const sink = destination({ dest: 1, sync: false, minLength: 8192 })
  const out: DestinationStream = options.pretty ? { write: (line) => sink.write(prettyLine(line)) } : sink
  const logger = pino(
    {
      level: options.level,
      base: null,
      messageKey: 'event',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
    },
    out,
  )
  // A reader that went away (a closed pipe) must not end a mail server.
  sink.on('error', () => {})
  const flush = () => {
    try {
      sink.flushSync()
    } catch {
      // Not open yet, or the reader went away.
    }
  }
  // One at a time: a reader that is slower than the lines of a long action would have ever more of them waiting.
  let isFlushing = false
  const flushNow = () => {
    if (isFlushing) return
    isFlushing = true
    sink.flush(() => (isFlushing = false))
  }
  setInterval(flushNow, options.pretty ? 50 : 200).unref()
  const line =
    (level: LogLevel) =>
    (event: string, fields?: LogFields): void => {
      if (fields === undefined) logger[level](event)
      else logger[level](fields, event)
    }
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error'), flush }
}
