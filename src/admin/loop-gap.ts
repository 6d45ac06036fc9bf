import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Longest time in ms that the event loop stood still, since the start. */
export type LoopGap = {
  maxMs(): number
  /** Watches closely (1 ms) until the returned function is called, which gives the longest gap in between. */
  watch(): () => number
  close(): void
}

export function watchLoopGap(): LoopGap {
  const resolutionMs = 20
  const coarse = monitorEventLoopDelay({ resolution: resolutionMs })
  coarse.enable()
  let longest = 0
  // The histogram counts the time between two ticks, so an idle loop shows the resolution itself.
  const over = (nanoseconds: number, resolution: number) => Math.max(0, nanoseconds / 1e6 - resolution)
  return {
    maxMs: () => Math.max(longest, coarse.count === 0 ? 0 : over(coarse.max, resolutionMs)),
    watch() {
      const fine = monitorEventLoopDelay({ resolution: 1 })
      fine.enable()
      return () => {
        fine.disable()
        const gap = fine.count === 0 ? 0 : over(fine.max, 1)
        longest = Math.max(longest, gap)
        return gap
      }
    },
    close: () => coarse.disable(),
  }
}
