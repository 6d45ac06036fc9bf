/**
 * A table of `count` routes, a tenth of them wildcards, the last one everything else to the sink. `variant` changes one
 * row in a hundred, for a graph that differs.
 */
export function routes(count, variant = 0) {
  const rows = ['pattern\ttarget']
  for (let i = 0; i < count - 1; i++) {
    const host = `host-${(i % 100 === 0 ? i + variant : i) % 5000}.inside.test:2525`
    rows.push(`${i % 10 === 0 ? '*.' : ''}domain-${i}.example.test\t${host}`)
  }
  rows.push('*\trelay:sink')
  return `${rows.join('\n')}\n`
}
