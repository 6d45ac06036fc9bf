const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const two = (n: number): string => (n < 10 ? `0${n}` : String(n))

let latestSecond = Number.NaN
let latestText = ''

/** RFC 5322 §3.3 date-time in UTC, such as `Fri, 21 Nov 2025 09:43:20 +0000`. */
export function dateTime(epochMs: number): string {
  const second = Math.floor(epochMs / 1000)
  // Thousands of messages share a second.
  if (second === latestSecond) return latestText
  const at = new Date(second * 1000)
  const day = `${days[at.getUTCDay()]}, ${at.getUTCDate()} ${months[at.getUTCMonth()]} ${at.getUTCFullYear()}`
  const time = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`
  latestSecond = second
  latestText = `${day} ${time} +0000`
  return latestText
}
