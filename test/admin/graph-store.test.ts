import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openGraphStore } from '../../src/admin/graph-store.ts'
import { tempFolder } from '../support/peer.ts'

function folder(): string {
  const graphs = join(tempFolder(), 'graphs')
  mkdirSync(graphs)
  return graphs
}

async function put(graphs: string, hash: string, text = hash): Promise<void> {
  const store = await openGraphStore(graphs)
  writeFileSync(join(graphs, 'upload-1'), text)
  await store.keep(join(graphs, 'upload-1'), hash)
}

test('nothing is active before the first activation', async () => {
  expect(await (await openGraphStore(folder())).active()).toBe(null)
})

test('what was activated last is active after a start', async () => {
  const graphs = folder()
  const store = await openGraphStore(graphs)
  for (const hash of ['g1:aa', 'g1:bb']) {
    await put(graphs, hash)
    await store.activate(hash)
  }
  const again = await openGraphStore(graphs)
  expect(await again.active()).toBe('g1:bb')
  expect(readFileSync(again.bundleFile('g1:bb'), 'utf8')).toBe('g1:bb')
})

test('a graph whose file is missing is not activated, and the old one stays', async () => {
  const graphs = folder()
  const store = await openGraphStore(graphs)
  await put(graphs, 'g1:aa')
  await store.activate('g1:aa')
  await expect(store.activate('g1:bb')).rejects.toThrow('ENOENT')
  expect(await store.active()).toBe('g1:aa')
})

test('an upload that never became a graph is removed at start', async () => {
  const graphs = folder()
  writeFileSync(join(graphs, 'upload-77-0'), '{')
  writeFileSync(join(graphs, 'active.tmp'), 'g1:')
  await openGraphStore(graphs)
  expect(readdirSync(graphs)).toEqual([])
})

test('the newest ten graphs are kept, and the active one however old', async () => {
  const graphs = folder()
  const store = await openGraphStore(graphs)
  for (let i = 0; i < 14; i++) {
    await put(graphs, `g1:${i}`)
    utimesSync(store.bundleFile(`g1:${i}`), i, i)
  }
  await store.activate('g1:0')
  const names = readdirSync(graphs).filter((name) => name.endsWith('.mgw'))
  expect(names.sort()).toEqual(['0', '10', '11', '12', '13', '5', '6', '7', '8', '9'].map((i) => `g1-${i}.mgw`))
})
