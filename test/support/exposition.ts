/** One metric of a text in Prometheus' format; samples by their labels, written `a="1",b="2"`. */
export type Read = { readonly type: string; readonly help: string; readonly samples: ReadonlyMap<string, number> }

const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/

/**
 * Reads text format 0.0.4 and throws at whatever its grammar does not have: a line without HELP and TYPE before it, a
 * family in two places, a sample twice, a counter below zero, a label that is not escaped, no line feed at the end.
 */
export function readExposition(text: string): ReadonlyMap<string, Read> {
  if (!text.endsWith('\n')) throw new Error('the last line has no line feed')
  const families = new Map<string, { type: string; help: string; samples: Map<string, number> }>()
  let open = ''
  let help: string | null = null
  for (const line of text.slice(0, -1).split('\n')) {
    const wrong = (why: string) => new Error(`${why}: ${JSON.stringify(line)}`)
    const [, keyword, of = '', rest = ''] = /^# (HELP|TYPE) (\S+) ([^\n]+)$/.exec(line) ?? []
    if (keyword === 'HELP') {
      if (!name.test(of) || families.has(of)) throw wrong('no name, or one that was there')
      if (/\\(?![\\n])/.test(rest.replaceAll('\\\\', ''))) throw wrong('an escape that is none')
      open = of
      help = rest
    } else if (keyword === 'TYPE') {
      if (of !== open || help === null) throw wrong('TYPE without its HELP')
      if (!['counter', 'gauge'].includes(rest)) throw wrong('no type')
      families.set(of, { type: rest, help, samples: new Map() })
      help = null
    } else {
      const [, named = '', labels = '', value = ''] = /^([^\s{]+)(?:\{([^\n]*)\})? (\S+)$/.exec(line) ?? []
      const family = families.get(named)
      if (family === undefined || named !== open) throw wrong('a sample outside of its family')
      const key = readLabels(labels, wrong)
      if (family.samples.has(key)) throw wrong('a sample twice')
      if (!/^(?:[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[+-]Inf|NaN)$/.test(value)) throw wrong('no number')
      const number = Number(value.replace('Inf', 'Infinity'))
      if (family.type === 'counter' && !(number >= 0)) throw wrong('a counter below zero')
      family.samples.set(key, number)
    }
  }
  return families
}

function readLabels(text: string, wrong: (why: string) => Error): string {
  const seen = new Set<string>()
  const values: string[] = []
  const pair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y
  while (pair.lastIndex < text.length) {
    const found = pair.exec(text)
    if (found === null) throw wrong('labels that are none')
    const [, label = '', value = ''] = found
    if (label.startsWith('__') || seen.has(label)) throw wrong('a label twice, or one that is reserved')
    seen.add(label)
    values.push(`${label}="${value.replace(/\\([^\n])/g, (_, one: string) => (one === 'n' ? '\n' : one))}"`)
  }
  return values.join(',')
}
