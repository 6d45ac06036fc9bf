/** Sorted by code units, each once: every graph has one order, so that it has one hash. */
export function isSorted(keys: readonly string[]): boolean {
  for (let i = 1; i < keys.length; i++) if (keys[i - 1]! >= keys[i]!) return false
  return true
}
