import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { metrics } from '../../src/admin/metrics.ts'

const read = (name: string): string => readFileSync(join(import.meta.dirname, '../..', name), 'utf8')

describe('the table of metrics', () => {
  test('each name is one of the format, begins with mailgw_, is there once, and ends in _total when it counts', () => {
    for (const { name, type, labels } of metrics) {
      expect(name).toMatch(/^mailgw_[a-z][a-z0-9]*(_[a-z0-9]+)*$/)
      expect(name.endsWith('_total'), name).toBe(type === 'counter')
      for (const label of labels) expect(label).toMatch(/^[a-z][a-z_]*$/)
    }
    expect(new Set(metrics.map(({ name }) => name)).size).toBe(metrics.length)
  })

  test('no label is named for what strangers choose', () => {
    const labels = new Set(metrics.flatMap(({ labels }) => labels))
    expect([...labels].sort()).toEqual([
      ...['answer', 'archive', 'class', 'graph', 'id', 'kind', 'listener', 'mode', 'name', 'outcome', 'policy'],
      ...['protocol', 'reason', 'relay', 'result', 'server', 'state', 'version'],
    ])
  })

  test('docs/metrics.md has each metric with its type, its labels and its meaning, and no other', () => {
    const rows = [...read('docs/metrics.md').matchAll(/^\| `(mailgw_\w+)` \| (\w+) \| ?(.*?) ?\| (.*) \|$/gm)]
    const written = rows.map(([, name, type, labels, help]) => [name, type, labels, help])
    const wanted = metrics.map(({ name, type, labels, help }) => [
      name,
      type,
      labels.map((label) => `\`${label}\``).join(', '),
      help,
    ])
    expect(written).toEqual(wanted)
  })
})

describe('examples/prometheus/alerts.yaml', () => {
  type Rule = { alert: string; expr: string; for?: string; labels: { severity: string }; annotations: object }
  const { groups } = parse(read('examples/prometheus/alerts.yaml')) as { groups: { name: string; rules: Rule[] }[] }
  const rules = groups.flatMap((group) => group.rules)
  const known = new Map(metrics.map(({ name, labels }) => [name, labels]))

  test('each rule has a name of its own, a condition, a severity and words for people', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
    for (const rule of rules) {
      expect(rule.alert).toMatch(/^Mailgw[A-Z][A-Za-z]+$/)
      expect(['page', 'ticket']).toContain(rule.labels.severity)
      expect(Object.keys(rule.annotations).sort()).toEqual(['description', 'summary'])
      if (rule.for !== undefined) expect(rule.for).toMatch(/^\d+[smhd]$/)
    }
  })

  test('rules ask for metrics and labels that there are', () => {
    const asked = rules.flatMap(({ expr }) => [...expr.matchAll(/(mailgw_\w+)(?:\{([^}]*)\})?/g)])
    expect(asked.length).toBeGreaterThanOrEqual(rules.length)
    for (const [, name = '', matchers = ''] of asked) {
      expect([...known.keys()]).toContain(name)
      for (const [, label] of matchers.matchAll(/(\w+)\s*[=!]/g)) expect(known.get(name), name).toContain(label)
    }
    for (const { annotations } of rules) {
      for (const [, label] of JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)) {
        expect(['instance', 'id', 'name', 'state', 'reason', 'server']).toContain(label)
      }
    }
  })

  test('there is one for certificates that end, back-ends that fail, a queue that grows and a list that is broken', () => {
    expect(rules.map(({ alert }) => alert)).toEqual(
      expect.arrayContaining([
        'MailgwCertificateEndsSoon',
        'MailgwCredentialsFailing',
        'MailgwQueueGrowing',
        'MailgwDnsListBroken',
      ]),
    )
  })
})
