/** All results in order, with at most `most` under way: a document may have more domains than the resolver lets wait. */
export async function inTurn<T, R>(list: readonly T[], most: number, ask: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const work = async () => {
    while (next < list.length) {
      const i = next++
      results[i] = await ask(list[i]!)
    }
  }
  await Promise.all(Array.from({ length: most }, work))
  return results
}
