/**
 * The candidate that was probably meant, or `null`: at most two edits away (Damerau-Levenshtein with neighbours swapped),
 * one for words of up to three letters, where two would match anything. Of equally near ones, the first.
 */
export function suggest(word: string, candidates: Iterable<string>): string | null {
  const limit = word.length <= 3 ? 1 : 2
  let best: string | null = null
  let least = limit + 1
  for (const candidate of candidates) {
    // The words of a document are short; a text of a megabyte is not worth a table of that size.
    if (Math.abs(candidate.length - word.length) >= least || word.length > 200) continue
    const edits = distance(word.toLowerCase(), candidate.toLowerCase())
    if (edits < least) [best, least] = [candidate, edits]
  }
  return best
}

/** `did you mean "x"?`, or `null`. */
export function didYouMean(word: string, candidates: Iterable<string>): string | null {
  const best = suggest(word, candidates)
  return best === null ? null : `did you mean ${JSON.stringify(best)}?`
}

function distance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let cost = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2]! + 1)
      row.push(cost)
    }
    before = above
    above = row
  }
  return above[b.length]!
}
