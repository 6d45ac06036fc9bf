/** Somebody who has more to do than one turn allows. */
export type Waiting = { goOn(): void }

/** Commands of one session at a time: what a sender with a hundred recipients needs; then others have their turn. */
const alone = 110
/** The same while somebody waits: there may be hundreds who send thousands, and each is read once in every turn. */
const crowded = 12
/** How long those who wait may keep the event loop before everybody else is looked at again. */
const sliceMs = 5

/**
 * The turns of all sessions of this process, as they share one event loop. What a client sends at once may be thousands of
 * commands, and the clients that send so may be hundreds: each is served some of its commands and waits behind the others
 * then, so that whoever says one thing at a time is never far from its answer.
 */
const waiting = new Set<Waiting>()
let isPlanned = false

/** How many commands of one session may run now. */
export const commandsPerTurn = (): number => (waiting.size === 0 ? alone : crowded)

/** `one` goes on when it is its turn. */
export function waitForTurn(one: Waiting): void {
  waiting.add(one)
  plan()
}

function plan(): void {
  if (isPlanned) return
  isPlanned = true
  setImmediate(serve)
}

function serve(): void {
  isPlanned = false
  const endsAt = performance.now() + sliceMs
  // Who comes to wait again meanwhile is last in the same set.
  for (const one of waiting) {
    waiting.delete(one)
    one.goOn()
    if (performance.now() >= endsAt) break
  }
  if (waiting.size > 0) plan()
}
