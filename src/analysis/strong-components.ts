/**
 * The strongly connected components (Tarjan) of what can be reached from `starts`; nodes are numbers. Without recursion:
 * a chain may be as long as there are mailboxes.
 */
export function strongComponents(
  starts: readonly number[],
  successors: (node: number) => readonly number[],
): readonly (readonly number[])[] {
  const order = new Map<number, number>()
  const low = new Map<number, number>()
  const onStack = new Set<number>()
  const stack: number[] = []
  const found: number[][] = []

  const enter = (node: number) => {
    order.set(node, order.size)
    low.set(node, order.get(node)!)
    stack.push(node)
    onStack.add(node)
    return { node, rest: successors(node)[Symbol.iterator]() }
  }
  for (const start of starts) {
    if (order.has(start)) continue
    const path = [enter(start)]
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { node, rest } = top
      const next = rest.next()
      if (!next.done) {
        if (!order.has(next.value)) path.push(enter(next.value))
        else if (onStack.has(next.value)) low.set(node, Math.min(low.get(node)!, order.get(next.value)!))
        continue
      }
      path.pop()
      const above = path.at(-1)
      if (above !== undefined) low.set(above.node, Math.min(low.get(above.node)!, low.get(node)!))
      if (low.get(node) !== order.get(node)) continue
      const component = stack.splice(stack.lastIndexOf(node))
      for (const member of component) onStack.delete(member)
      found.push(component)
    }
  }
  return found
}

/** The shortest cycle that begins with this edge. Throws when there is none. */
export function cycleThrough<Edge extends { readonly from: number; readonly to: number }>(
  first: Edge,
  edgesOf: (node: number) => readonly Edge[],
): readonly Edge[] {
  const cameBy = new Map<number, Edge>([[first.to, first]])
  const queue = [first.to]
  for (let at = 0; at < queue.length && first.to !== first.from; at++) {
    for (const edge of edgesOf(queue[at]!)) {
      if (cameBy.has(edge.to)) continue
      cameBy.set(edge.to, edge)
      queue.push(edge.to)
    }
    if (cameBy.has(first.from)) break
  }
  const cycle: Edge[] = []
  for (let node = first.from; ; node = cycle[0]!.from) {
    const edge = cameBy.get(node)
    if (edge === undefined) throw new Error('the edge lies on no cycle')
    cycle.unshift(edge)
    if (edge === first) return cycle
  }
}
