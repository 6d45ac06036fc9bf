/** One moment as the clocks on the wall of a gateway show it. */
export type LocalTime = {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
  /** 0 is Sunday. */
  readonly weekday: number
  /** 1 is the first of January. */
  readonly yearday: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  /** `+0100` */
  readonly offset: string
}

/** @param offsetMinutes east of Greenwich; by default that of this machine at that moment */
export function localTime(now: number, offsetMinutes = -new Date(now).getTimezoneOffset()): LocalTime {
  const date = new Date(now + offsetMinutes * 60_000)
  const year = date.getUTCFullYear()
  const ahead = Math.abs(offsetMinutes)
  return {
    year,
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    yearday: Math.floor((date.getTime() - Date.UTC(year, 0, 1)) / 86_400_000) + 1,
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    offset: `${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(ahead / 60))}${two(ahead % 60)}`,
  }
}

export const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const
export const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const

export const two = (number: number): string => String(number).padStart(2, '0')

/** `1st`, `2nd`, `3rd`, `4th`, but `11th`, `12th`, `13th`. */
export function ordinal(day: number): string {
  if (day % 100 >= 11 && day % 100 <= 13) return `${day}th`
  return `${day}${['th', 'st', 'nd', 'rd'][day % 10] ?? 'th'}`
}

/** `Monday, 23rd Jun 2014 12:47:18 +0100`, as MailQ wrote the time. */
export function timeText(time: LocalTime): string {
  const { weekday, day, month, year, hour, minute, second, offset } = time
  const date = `${weekdays[weekday]}, ${ordinal(day)} ${months[month - 1]!.slice(0, 3)} ${year}`
  return `${date} ${two(hour)}:${two(minute)}:${two(second)} ${offset}`
}
