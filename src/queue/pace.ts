/** Longest time that long work takes the event loop at once: sessions and deliveries come between. */
const sliceMs = 2
/** Steps between two looks at the clock. */
const perLook = 16

/** Divides long work into slices: `if (pace.isOver()) await pace.turn()` after each step. */
export class Pace {
  private endsAt = performance.now() + sliceMs
  private steps = 0

  isOver(): boolean {
    return ++this.steps % perLook === 0 && performance.now() >= this.endsAt
  }

  async turn(): Promise<void> {
    await new Promise(setImmediate)
    this.endsAt = performance.now() + sliceMs
  }
}
