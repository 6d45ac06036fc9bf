import { type GreetingTemplate, type Macro, parseGreeting } from '../mail/greeting-template.ts'
import type { IpAddress } from '../mail/ip.ts'
import { assertNever } from '../mail/result.ts'
import type { ListenerSettings } from '../mail/settings.ts'
import { type LocalTime, localTime, months, ordinal, timeText, two, weekdays } from './local-time.ts'

/** What the macros of one greeting stand for. */
export type Occasion = {
  readonly client: IpAddress
  /** Epoch ms; one reading for the whole greeting. */
  readonly now: number
  /** Version of this program. */
  readonly version: string
  /** The gateway's; only what the document names is ever shown. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Minutes east of Greenwich; absent: those of this machine. */
  readonly offsetMinutes?: number
}

/** With `220 ` and CRLF a reply line of 512 octets (RFC 5321 §4.5.3.1.5). */
const longest = 512 - '220 \r\n'.length

/** What stands behind 220: the host name first, whatever the document says (RFC 5321 §4.2). */
export function greetingOf(settings: ListenerSettings, occasion: Occasion): string {
  const { hostname, greeting } = settings
  if (greeting === undefined) return `${hostname} ESMTP`
  const template = templateOf(settings, greeting)
  const time = localTime(occasion.now, occasion.offsetMinutes)
  const text = template.map((part) => {
    switch (part.kind) {
      case 'text':
        return part.text
      case 'macro':
        return macro(part.name, time, settings, occasion)
      case 'environment':
        return variable(part.name, settings, occasion)
      default:
        return assertNever(part)
    }
  })
  return `${hostname} ${text.join('')}`.slice(0, longest).trimEnd()
}

/** By settings, which are made anew for each graph. */
const templates = new WeakMap<ListenerSettings, GreetingTemplate>()

function templateOf(settings: ListenerSettings, text: string): GreetingTemplate {
  const known = templates.get(settings)
  if (known !== undefined) return known
  const template = parseGreeting(text)
  // The graph was checked when it came.
  if (!template.ok) throw new Error(`the greeting: ${template.error}`)
  templates.set(settings, template.value)
  return template.value
}

/** In printable ASCII: a line break in a variable would be a reply of its own. */
function variable(name: string, { greetingEnvironment = [] }: ListenerSettings, { environment }: Occasion): string {
  const value = greetingEnvironment.includes(name) && Object.hasOwn(environment, name) ? environment[name] : undefined
  return (value ?? '').replace(/[^ -~]/g, '').slice(0, 100)
}

function macro(name: Macro, time: LocalTime, { hostname }: ListenerSettings, { client, version }: Occasion): string {
  const { year, month, day, weekday, hour, minute, second } = time
  switch (name) {
    case 'fulldate':
      return `${weekdays[weekday]}, ${ordinal(day)} ${months[month - 1]} ${year}`
    case 'time':
      return `${two(hour)}:${two(minute)}`
    case 'yyyy':
      return String(year)
    case 'yy':
      return two(year % 100)
    case 'mmmm':
      return months[month - 1]!
    case 'mmm':
      return months[month - 1]!.slice(0, 3)
    case 'mm':
      return two(month)
    case 'dddd':
      return weekdays[weekday]!
    case 'ddd':
      return weekdays[weekday]!.slice(0, 3)
    case 'dd':
      return two(day)
    case 'hh':
      return two(hour)
    case 'ii':
      return two(minute)
    case 'ss':
      return two(second)
    case 'isodate':
      return `${year}${two(month)}${two(day)}`
    case 'usdate':
      return `${two(month)}${two(day)}${year}`
    case 'ukdate':
      return `${two(day)}${two(month)}${year}`
    case 'yearday':
      return String(time.yearday)
    case 'o':
      return time.offset
    case 'r':
      return timeText(time)
    case 'exename':
      return 'mailgw'
    case 'ver':
      return version
    case 'client_ip':
      return client
    case 'server_name':
      return hostname
    default:
      return assertNever(name)
  }
}
