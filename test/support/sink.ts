import { onTestFinished } from 'vitest'
import { type Sink, startSink as start } from '../../bench/support/sink.js'

/** The benchmark's counting sink, for one test. */
export async function startSink(...options: readonly (string | number)[]): Promise<Sink> {
  const sink = await start(options)
  let running = true
  onTestFinished(async () => {
    if (running) await sink.stop()
  })
  return {
    ...sink,
    async stop() {
      running = false
      return await sink.stop()
    },
  }
}
