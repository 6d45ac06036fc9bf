import { Fifo } from './fifo.ts'
import type { StoredEntry } from './stored-entry.ts'

/** Messages routed in one turn of the event loop, after a start or a new graph. */
const perTurn = 200

/** Messages that are to be routed, some in each turn of the event loop. */
export class Afresh {
  private readonly route: (entry: StoredEntry) => void
  private readonly single = new Fifo<StoredEntry>()
  /** Long rows, taken before the others, as they are older. */
  private readonly rows = new Fifo<Iterator<StoredEntry>>()
  private isRunning = false
  private isClosed = false

  constructor(route: (entry: StoredEntry) => void) {
    this.route = route
  }

  add(entry: StoredEntry): void {
    this.single.push(entry)
    if (!this.isRunning) this.run()
  }

  /** Messages are taken from the row as their turn comes. */
  addRow(row: Iterator<StoredEntry>): void {
    this.rows.push(row)
    if (!this.isRunning) this.run()
  }

  close(): void {
    this.isClosed = true
  }

  private run(): void {
    this.isRunning = !this.isClosed
    if (this.isClosed) return
    for (let count = 0; count < perTurn; count++) {
      const entry = this.next()
      if (entry === null) {
        this.isRunning = false
        return
      }
      this.route(entry)
    }
    setImmediate(() => this.run())
  }

  private next(): StoredEntry | null {
    for (let row = this.rows.first; row !== undefined; row = this.rows.first) {
      const { value, done } = row.next()
      if (done !== true) return value
      this.rows.shift()
    }
    return this.single.shift() ?? null
  }
}
