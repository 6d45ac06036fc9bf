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

test('what may be gone back to is kept, and of what never served the newest ten', async () => {
  const graphs = folder()
  const store = await openGraphStore(graphs)
  const kept = () =>
    readdirSync(graphs)
      .filter((name) => name.endsWith('.mgw'))
      .map((name) => name.slice(3, -4))
  for (const hash of ['a', 'b', 'c']) {
    await put(graphs, `g1:${hash}`)
    await store.activate(`g1:${hash}`)
    utimesSync(store.bundleFile(`g1:${hash}`), 1, 1)
  }
  for (let i = 0; i < 14; i++) {
    await put(graphs, `g1:u${i}`)
    utimesSync(store.bundleFile(`g1:u${i}`), 100 + i, 100 + i)
  }
  expect(kept().sort()).toEqual(['a', 'b', 'c', ...[4, 5, 6, 7, 8, 9, 10, 11, 12, 13].map((i) => `u${i}`)].sort())
  expect(await store.history()).toEqual(['g1:c', 'g1:b', 'g1:a'])
})

test('of the graphs that were active, the newest ten are remembered', async () => {
  const graphs = folder()
  const store = await openGraphStore(graphs)
  for (let i = 0; i < 12; i++) {
    await put(graphs, `g1:${i}`)
    await store.activate(`g1:${i}`)
  }
  expect(await store.history()).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map((i) => `g1:${i}`))
})

test('a step back goes on from where it came to, not to and fro', async () => {
  const graphs = folder()
  const store = await openGraphStore(graphs)
  for (const hash of ['a', 'b', 'c']) {
    await put(graphs, `g1:${hash}`)
    await store.activate(`g1:${hash}`)
  }
  await store.activate('g1:b', 'back')
  expect(await store.history()).toEqual(['g1:b', 'g1:a', 'g1:c'])
  await store.activate('g1:a', 'back')
  expect((await store.history())[0]).toBe('g1:a')
  await store.activate('g1:c')
  expect((await store.history()).slice(0, 2)).toEqual(['g1:c', 'g1:a'])
})

test('a trial leaves the active graph what it is, and is remembered until it ends', async () => {
  const graphs = folder()
  const store = await openGraphStore(graphs)
  for (const hash of ['a', 'b']) await put(graphs, `g1:${hash}`)
  await store.activate('g1:a')
  await store.beginTrial({ hash: 'g1:b', previous: 'g1:a' })
  const again = await openGraphStore(graphs)
  expect(await again.active()).toBe('g1:a')
  expect(await again.trial()).toEqual({ hash: 'g1:b', previous: 'g1:a' })
  await again.endTrial()
  expect(await again.trial()).toBe(null)
})
