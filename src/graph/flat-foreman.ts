import { parentPort, workerData } from 'node:worker_threads'
import { startThread } from './flat-thread.ts'
import type { FlatReply, FlatRequest } from './flat-worker.ts'

/**
 * The thread between the sessions' thread and the builder, which runs at the lowest priority. Whoever has started a thread
 * waits for its last instructions (`pthread_join`): where cores are busy, that were tens of milliseconds in which no
 * session is served. So this thread waits for the builder, and nobody long for this one.
 */
if (parentPort !== null) {
  const port = parentPort
  const builder = startThread('flat-worker', workerData as FlatRequest)
  builder.once('message', (reply: FlatReply) => {
    port.postMessage(reply)
    void builder.terminate()
  })
  // An error of the builder itself is not caught: it ends this thread, and is heard on the other side.
}
