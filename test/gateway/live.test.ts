import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openGraphStore } from '../../src/admin/graph-store.ts'
import { compile } from '../../src/compile/compile.ts'
import { prepareStored, storeBundle } from '../../src/gateway/live.ts'
import { makeBundle, writeBundle } from '../../src/graph/bundle.ts'
import { noSources } from '../../src/graph/sources.ts'
import { aDocument } from '../compile/a-document.ts'
import { tempFolder } from '../support/peer.ts'

const bundleOf = (part: Parameters<typeof aDocument>[0] = {}) => makeBundle(compile(aDocument(part)).graph, noSources)

const never = () => {
  throw new Error('nothing is asked while a graph is made ready')
}

test('what an upload has built is made ready as it is, and another graph is read from where it is kept', async () => {
  const folder = tempFolder()
  const store = await openGraphStore(folder)
  const [first, second] = [bundleOf(), bundleOf({ mxPort: 26 })]
  const flats = []
  for (const bundle of [first, second]) {
    const upload = join(folder, 'upload-1')
    await writeFile(upload, writeBundle(bundle))
    const stored = await storeBundle(upload, bundle.hash, store)
    if (!stored.ok) throw new Error(stored.error)
    flats.push(stored.value)
  }
  // Whoever needs this one has to build it anew, and it is there again.
  await rm(store.flatFile(second.hash))

  const asUploaded = await prepareStored(second.hash, store, never, flats[1])
  expect(asUploaded.ok && asUploaded.value.hash).toBe(second.hash)
  expect(existsSync(store.flatFile(second.hash))).toBe(false)
  const other = await prepareStored(first.hash, store, never, flats[1])
  expect(other.ok && other.value.hash).toBe(first.hash)
}, 30_000)

test('a graph that the store has no more is not made ready, whatever was built of it', async () => {
  const folder = tempFolder()
  const store = await openGraphStore(folder)
  const bundle = bundleOf()
  const upload = join(folder, 'upload-1')
  await writeFile(upload, writeBundle(bundle))
  const stored = await storeBundle(upload, null, store)
  if (!stored.ok) throw new Error(stored.error)
  await rm(store.bundleFile(bundle.hash))
  expect(await prepareStored(bundle.hash, store, never, stored.value)).toEqual({
    ok: false,
    error: `the graph ${bundle.hash} is not here; it has to be uploaded first`,
  })
}, 30_000)
