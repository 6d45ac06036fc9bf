/**
 * Whether `*` in the pattern can stand for such parts that it is the whole text; without regard to case. Linear in the
 * text for each `*`: no pattern makes it slow, whoever wrote the text.
 */
export function globMatches(pattern: string, text: string): boolean {
  const wanted = pattern.toLowerCase()
  const given = text.toLowerCase()
  let [p, t] = [0, 0]
  // Where to go on when what is behind the latest `*` does not fit: one character later.
  let [star, from] = [-1, 0]
  while (t < given.length) {
    if (wanted[p] === '*') {
      star = p++
      from = t
    } else if (p < wanted.length && wanted[p] === given[t]) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++from
    } else return false
  }
  while (wanted[p] === '*') p++
  return p === wanted.length
}
