import { parseHintRights } from '../mail/hints.ts'
import type { Control } from './control.ts'
import type { Note } from './graph.ts'
import { ShapeError } from './shape.ts'

/** A note of what a client may steer by names pools and schedules that the graph has. Throws `ShapeError`. */
export function checkHintNote({ note, text }: Note, control: Control, where: string): void {
  if (note !== 'hints') return
  const rights = parseHintRights(text)
  if (!rights.ok) throw new ShapeError(where, 'what fields of a header may steer', text)
  const { egress = [], schedule = [], mailerq } = rights.value
  const pools = new Set((control.egress ?? []).map(({ name }) => name))
  const schedules = new Set((control.schedules ?? []).map(({ name }) => name))
  if (egress.some((name) => !pools.has(name))) throw new ShapeError(where, 'pools of graph.control', egress)
  if (schedule.some((name) => !schedules.has(name))) throw new ShapeError(where, 'schedules of graph.control', schedule)
  if (mailerq === true && control.mailerqHints !== true)
    throw new ShapeError(where, 'mailerqHints in graph.control', text)
}
