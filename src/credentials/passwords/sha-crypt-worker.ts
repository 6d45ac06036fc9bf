import { parentPort } from 'node:worker_threads'
import { type ShaCryptRequest, shaCrypt } from './sha-crypt.ts'

/** The thread of `ShaCryptThread`: hashes one request after the other. */
export type ShaCryptQuestion = ShaCryptRequest & { readonly id: number }
export type ShaCryptAnswer = { readonly id: number; readonly hash: string }

parentPort?.on('message', (question: ShaCryptQuestion) => {
  parentPort?.postMessage({ id: question.id, hash: shaCrypt(question) } satisfies ShaCryptAnswer)
})
