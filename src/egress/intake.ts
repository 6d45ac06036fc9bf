import type { Clock, Timer } from '../mail/clock.ts'
import type { Delivery, Lane } from '../queue/lane.ts'
import type { Shape } from './shape.ts'

/** What may be begun now of what waits in a lane: all that is ready, or as much of it as a rate allows. */
export class Intake {
  lane: Lane
  private readonly shape: Shape
  private readonly clock: Clock
  /** One timer, however many messages wait for the rate. */
  private pause: Timer | null = null

  constructor(lane: Lane, shape: Shape, clock: Clock) {
    this.lane = lane
    this.shape = shape
    this.clock = clock
  }

  get waits(): boolean {
    return this.pause !== null
  }

  get ready(): number {
    const { ready } = this.lane
    if (ready === 0 || !this.shape.isPaced) return ready
    return Math.min(ready, Math.max(0, this.shape.allowance(this.clock.now())))
  }

  take(): Delivery | null {
    const { shape } = this
    if (!shape.isPaced) return this.lane.take()
    const now = this.clock.now()
    const delivery = shape.allowance(now) > 0 ? this.lane.take() : null
    if (delivery !== null) shape.begin(now)
    return delivery
  }

  /** One that was taken was never offered to anybody. */
  putBack(delivery: Delivery): void {
    if (this.shape.isPaced) this.shape.giveBack()
    delivery.putBack()
  }

  /** Something is ready that the rate holds back: `then` when it allows the next one. */
  awaitRate(now: number, then: () => void): void {
    const { shape } = this
    if (this.pause !== null || !shape.isPaced || this.lane.ready === 0 || shape.allowance(now) > 0) return
    this.pause = this.clock.setTimeout(
      () => {
        this.pause = null
        then()
      },
      Math.max(10, shape.nextAt(now) - now),
    )
  }

  close(): void {
    this.pause?.cancel()
    this.pause = null
  }
}
