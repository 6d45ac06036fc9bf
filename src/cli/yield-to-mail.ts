import { readdirSync } from 'node:fs'
import { constants, setPriority } from 'node:os'

/**
 * What a person asks for takes no processor from the mail of a gateway on the same machine: a large document keeps a core
 * busy for seconds. On Linux a priority is a thread's own, and the threads that collect garbage were there before: each
 * is told. What is started later has the priority of who starts it.
 */
export function yieldToMail(): void {
  const priority = constants.priority.PRIORITY_BELOW_NORMAL
  for (const thread of threads()) {
    try {
      setPriority(thread, priority)
    } catch {
      // It has ended meanwhile.
    }
  }
}

function threads(): readonly number[] {
  if (process.platform !== 'linux') return [0]
  try {
    return [0, ...readdirSync('/proc/self/task').map(Number)]
  } catch {
    return [0]
  }
}
