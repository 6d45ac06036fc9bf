import type { DeliveryRate } from '../mail/next-hop-settings.ts'

/** Messages that are remembered one by one; of larger rates several share one memory. */
const maxMarks = 1000

/**
 * At most `most` messages within any `perMs`: the times of the latest are remembered, no more of them than there were.
 * A bucket that fills steadily would let twice the rate through in its first round, which is what providers count.
 */
export class Pace {
  readonly rate: DeliveryRate
  private readonly each: number
  private readonly marks: { at: number; count: number }[] = []
  private sum = 0

  constructor(rate: DeliveryRate) {
    this.rate = rate
    this.each = Math.ceil(rate.most / maxMarks)
  }

  /** Messages that may go now. */
  allowance(now: number): number {
    this.forget(now)
    return this.rate.most - this.sum
  }

  take(now: number): void {
    const last = this.marks.at(-1)
    // Of a group the latest time counts, so that the rate is never exceeded.
    if (last !== undefined && last.count < this.each) {
      last.at = now
      last.count++
    } else this.marks.push({ at: now, count: 1 })
    this.sum++
  }

  /** One that was taken did not go. */
  giveBack(): void {
    const last = this.marks.at(-1)
    if (last === undefined) return
    this.sum--
    last.count--
    if (last.count === 0) this.marks.pop()
  }

  /** When the next one may go, epoch ms. */
  nextAt(now: number): number {
    const [first] = this.marks
    return this.allowance(now) > 0 || first === undefined ? now : first.at + this.rate.perMs
  }

  /** Nothing that is remembered matters any more. */
  isBlank(now: number): boolean {
    this.forget(now)
    return this.sum === 0
  }

  private forget(now: number): void {
    let gone = 0
    for (const { at, count } of this.marks) {
      if (at + this.rate.perMs > now) break
      gone++
      this.sum -= count
    }
    if (gone > 0) this.marks.splice(0, gone)
  }
}
