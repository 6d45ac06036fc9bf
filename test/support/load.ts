import { onTestFinished } from 'vitest'
import { type Load, startLoad as start } from '../../bench/support/load.js'

/** The benchmark's load of kept sessions that remembers which messages got their 250, for one test. */
export function startLoad(options: Parameters<typeof start>[0]): Load {
  const load = start(options)
  onTestFinished(() => load.cut())
  return load
}
