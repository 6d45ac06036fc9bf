import type { Clock, Timer } from '../mail/clock.ts'

type Item<T> = { readonly at: number; readonly order: number; readonly target: T }

/** Due targets handled in one turn of the event loop; the rest follow after the sockets had their turn. */
const perTurn = 500

/** What is to be done later: a heap by time, first entered first out at the same time, and one timer for the earliest. */
export class Agenda<T> {
  private readonly clock: Clock
  private readonly due: (target: T, at: number) => void
  private readonly heap: Item<T>[] = []
  private order = 0
  private timer: Timer | null = null
  private timerAt = Number.POSITIVE_INFINITY
  private isRunning = false
  private isClosed = false

  constructor(clock: Clock, due: (target: T, at: number) => void) {
    this.clock = clock
    this.due = due
  }

  get length(): number {
    return this.heap.length
  }

  add(at: number, target: T): void {
    this.insert({ at, order: this.order++, target })
    if (this.heap[0]?.target === target) this.arm()
  }

  private insert(item: Item<T>): void {
    const { heap } = this
    let i = heap.length
    while (i > 0) {
      const parent = (i - 1) >> 1
      const above = heap[parent] as Item<T>
      if (!isBefore(item, above)) break
      heap[i] = above
      i = parent
    }
    heap[i] = item
  }

  /** Forgets what nobody wants to hear of any more: it would keep its memory until its time comes. */
  sweep(isWanted: (target: T) => boolean): void {
    const wanted = this.heap.filter(({ target }) => isWanted(target))
    if (wanted.length === this.heap.length) return
    this.heap.length = 0
    for (const item of wanted) this.insert(item)
  }

  close(): void {
    this.isClosed = true
    this.timer?.cancel()
  }

  private arm(): void {
    const first = this.heap[0]
    if (first === undefined || this.isRunning || this.isClosed || first.at >= this.timerAt) return
    this.timer?.cancel()
    this.timerAt = first.at
    this.timer = this.clock.setTimeout(() => this.run(), Math.max(0, first.at - this.clock.now()))
  }

  private run(): void {
    this.timer = null
    this.timerAt = Number.POSITIVE_INFINITY
    if (this.isClosed) return
    this.isRunning = true
    const now = this.clock.now()
    let first = this.heap[0]
    for (let count = 0; first !== undefined && first.at <= now && count < perTurn; count++) {
      this.pop()
      this.due(first.target, first.at)
      first = this.heap[0]
    }
    this.isRunning = false
    if (first !== undefined && first.at <= now) setImmediate(() => this.run())
    else this.arm()
  }

  private pop(): void {
    const { heap } = this
    const last = heap.pop() as Item<T>
    if (heap.length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Item<T>, heap[child] as Item<T>)) child++
      if (!isBefore(heap[child] as Item<T>, last)) break
      heap[i] = heap[child] as Item<T>
      i = child
    }
    heap[i] = last
  }
}

const isBefore = (a: Item<unknown>, b: Item<unknown>): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
