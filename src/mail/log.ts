/**
 * The log is an argument. `event` is a name of the event schema (`docs/log.md`), such as `message.accepted`;
 * `fields` are plain values in that schema's units. Nothing that is secret is ever handed to it.
 */
export type Log = {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

export type LogFields = Readonly<Record<string, unknown>>

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
