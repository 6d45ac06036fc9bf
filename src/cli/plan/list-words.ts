const shown = 6
/** `a, b or c`; a long one names the first few and counts the rest. JSON has them all. */
export function list(items: readonly string[], word: 'and' | 'or'): string {
  if (items.length > shown + 1) return `${items.slice(0, shown).join(', ')} ${word} ${items.length - shown} more`
  if (items.length < 2) return items[0] ?? ''
  return `${items.slice(0, -1).join(', ')} ${word} ${items.at(-1)}`
}
