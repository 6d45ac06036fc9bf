import { parseGreeting } from '../mail/greeting-template.ts'
import { usualAddresses, usualLineEndings } from '../mail/listener-manners.ts'
import type { LineSettings } from '../mail/settings.ts'
import { defaults } from './defaults.ts'
import type { Listener } from './define.ts'
import type { Line } from './define-line.ts'
import type { DocPath } from './positions.ts'
import { durationAt, networksAt, valueSpot, values } from './validate-read.ts'
import type { Report } from './validate-report.ts'

/** Clients wait five minutes for a greeting (RFC 5321 §4.5.3.2.1); people at a mail program do not. */
const longestDelayMs = 60_000

/** How a listener behaves in small things. */
export function manners(report: Report, listener: Listener, path: DocPath): LineSettings {
  const sound = (key: keyof Line) => listener[key] !== undefined && report.sound([...path, key])
  const vrfy = sound('vrfy') ? values(networksAt(report, listener.vrfy, [...path, 'vrfy'])).sort() : null
  const delay = sound('greetingDelay') ? delayOf(report, listener.greetingDelay!, [...path, 'greetingDelay']) : null
  return {
    ...(sound('greeting') ? greetingOf(report, listener.greeting!, [...path, 'greeting']) : {}),
    ...(delay === null ? {} : { greetingDelayMs: delay }),
    ...(sound('earlyTalkers') && listener.earlyTalkers !== defaults.listener.earlyTalkers
      ? { earlyTalkers: listener.earlyTalkers! }
      : {}),
    ...(sound('addresses') && listener.addresses !== usualAddresses(listener.kind)
      ? { addresses: listener.addresses! }
      : {}),
    ...(sound('lineEndings') && listener.lineEndings !== usualLineEndings(listener.kind)
      ? { lineEndings: listener.lineEndings! }
      : {}),
    ...(vrfy === null ? {} : { vrfy }),
    ...(sound('time') && listener.time === true ? { time: true as const } : {}),
    ...(sound('helo') && listener.helo === 'refuse' ? { helo: 'refuse' as const } : {}),
  }
}

function delayOf(report: Report, text: string, path: DocPath): number | null {
  const spot = valueSpot(path)
  const ms = durationAt(report, text, spot)
  if (ms === null || ms <= longestDelayMs) return ms
  report.error('MG1208', spot, `expected at most ${longestDelayMs / 1000}s, got ${JSON.stringify(text)}`)
  return null
}

function greetingOf(report: Report, written: Exclude<Line['greeting'], undefined>, path: DocPath): LineSettings {
  const { text, environment = [] } = typeof written === 'string' ? { text: written } : written
  const textPath = typeof written === 'string' ? path : [...path, 'text']
  const template = parseGreeting(text)
  if (!template.ok) {
    report.error('MG1325', valueSpot(textPath), template.error)
    return {}
  }
  const allowed = [...new Set([environment].flat())].sort()
  const used = new Set(template.value.flatMap((part) => (part.kind === 'environment' ? [part.name] : [])))
  for (const name of used) {
    if (allowed.includes(name)) continue
    // What stands in the environment of a service is often a password.
    report.error('MG1325', valueSpot(textPath), `shows the environment variable ${name}, which nothing allows`, {
      hint: `name it: greeting: { text: ..., environment: ['${name}'] }`,
    })
  }
  for (const [i, name] of [environment].flat().entries()) {
    if (used.has(name)) continue
    const spot = valueSpot([...path, 'environment', ...(Array.isArray(environment) ? [i] : [])])
    report.error('MG1209', spot, `has no effect: the text shows no \${env.${name}}`)
  }
  return { greeting: text, ...(allowed.length === 0 ? {} : { greetingEnvironment: allowed }) }
}
