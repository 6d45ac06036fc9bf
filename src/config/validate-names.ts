import type { Check, Deny, Dnsbl } from './define.ts'
import type { DocPath } from './positions.ts'
import { didYouMean } from './suggest.ts'
import { type Routes, relaysNamed } from './validate-local-mx.ts'
import { twice, valueSpot } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { entries, tellEmpty } from './validate-rows.ts'

/** Relays are used by name in localMx; each name must be declared, and what is declared should be used. */
export function checkRelayNames(report: Report, section: unknown, routes: Routes, complete: boolean): void {
  const declared = entries(section).map(([name]) => name)
  const known = new Set(declared)
  const used = new Set<string>()
  for (const { pattern } of routes.list) {
    for (const { relay, spot } of relaysNamed(routes.byPattern.get(pattern)!)) {
      used.add(relay)
      if (!known.has(relay)) tellUndeclared(report, 'MG1402', spot, 'relay', relay, declared)
    }
  }
  // With a row that could not be read, nobody knows what it would have used.
  if (!complete) return
  for (const name of declared) {
    if (used.has(name)) continue
    // No error: byEnv may use it in another environment.
    report.warning('MG1404', { kind: 'key', path: ['relays', name] }, 'is declared, but no row of localMx uses it')
  }
}

export function checkListenerNames(
  report: Report,
  dnsbl: unknown,
  deny: unknown,
  checks: unknown,
  listeners: unknown,
): void {
  const declared = entries(listeners).map(([name]) => name)
  const check = (value: string | readonly string[] | undefined, path: DocPath) => {
    const found = new Map<string, Spot>()
    if (Array.isArray(value) && value.length === 0) {
      tellEmpty(report, path)
    }
    for (const [i, name] of [value ?? []].flat().entries()) {
      const spot = valueSpot(Array.isArray(value) ? [...path, i] : path)
      const first = found.get(name)
      if (first !== undefined) twice(report, spot, name, first)
      else if (!declared.includes(name)) tellUndeclared(report, 'MG1403', spot, 'listener', name, declared)
      found.set(name, spot)
    }
  }
  const asks = entries(listeners).some(([, value]) =>
    entries(value).some(([key, kind]) => key === 'kind' && kind === 'mx'),
  )
  for (const [i, list] of sound<Dnsbl>(report, dnsbl, 'dnsbl')) {
    check(list.listeners, ['dnsbl', i, 'listeners'])
    if (list.listeners !== undefined || asks) continue
    report.warning(
      'MG1411',
      valueSpot(['dnsbl', i]),
      'no listener asks it: by default those of kind "mx" do, and there is none',
      {
        hint: 'name them: listeners: [...]',
      },
    )
  }
  for (const [key, value] of entries(checks)) {
    const path = ['checks', key]
    if (!report.sound(path)) continue
    const { listeners: named } = value as Check
    check(named, [...path, 'listeners'])
    if (named !== undefined || asks) continue
    report.warning(
      'MG1411',
      { kind: 'key', path },
      'no listener asks it: by default those of kind "mx" do, and there is none',
      {
        hint: 'name them: listeners: [...]',
      },
    )
  }
  for (const [i, rule] of sound<Deny>(report, deny, 'deny')) check(rule.when.listener, ['deny', i, 'when', 'listener'])
}

function sound<T>(report: Report, section: unknown, name: string): [number, T][] {
  const list: T[] = Array.isArray(section) ? section : []
  return [...list.entries()].filter(([i]) => report.sound([name, i]))
}

function tellUndeclared(
  report: Report,
  code: 'MG1402' | 'MG1403',
  spot: Spot,
  what: 'relay' | 'listener',
  name: string,
  declared: readonly string[],
): void {
  const list = declared.length === 0 ? `there is no ${what}s section` : `declared: ${declared.slice(0, 12).join(', ')}`
  report.error(code, spot, `no ${what} is called ${JSON.stringify(name)}`, { hint: didYouMean(name, declared) ?? list })
}
