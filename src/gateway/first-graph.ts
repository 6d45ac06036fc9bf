import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { GraphStore } from '../admin/graph-store.ts'
import type { AskOracle } from '../ingress/inquiry.ts'
import type { GatewayOptions } from './gateway.ts'
import { GatewayError } from './gateway-error.ts'
import { type Live, prepareBundle, prepareStored } from './live.ts'

/**
 * The graph that a start serves: the one that the options name, or the one that was active last. Never one that was on
 * trial when the gateway ended.
 */
export async function firstGraph(store: GraphStore, bundle: GatewayOptions['bundle'], ask: AskOracle): Promise<Live> {
  const active = await store.active()
  const file = bundle(active)
  if (file === null && active === null) throw new GatewayError('there is no graph to serve')
  const isActive = active !== null && (file === null || (await isSameFile(file, store.bundleFile(active))))
  const ready = isActive ? await prepareStored(active, store, ask) : await prepareCopy(file as string, store, ask)
  if (!ready.ok) throw new GatewayError(`the graph cannot be served: ${ready.error}`)
  const trial = await store.trial()
  if (active === null || ready.value.hash !== trial?.hash || active === trial.hash) return ready.value
  // Whoever starts it again by the document of the trial has not confirmed it by that.
  const previous = await prepareStored(active, store, ask)
  if (!previous.ok) throw new GatewayError(`the graph before the trial cannot be served: ${previous.error}`)
  return previous.value
}

async function prepareCopy(file: string, store: GraphStore, ask: AskOracle) {
  const upload = join(store.folder, `upload-${process.pid}-first`)
  if (file !== upload) await copyFile(file, upload)
  return await prepareBundle(upload, store, ask)
}

/** A restart with the graph that was active already: its run-time form is there, and need not be built again. */
async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([readFile(one), readFile(other).catch(() => null)])
  return b?.equals(a) ?? false
}
