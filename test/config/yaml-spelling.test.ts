import { expect, test } from 'vitest'
import { inYaml } from '../../src/config/yaml-spelling.ts'

test('what a message proposes is proposed as YAML writes it; what came, and words of others, stay', () => {
  expect(inYaml("write '*': via('isp') or mx()")).toBe("write '*': { relay: isp } or { mx: true }")
  expect(inYaml("expected reject(550, 'text'), 'defer' or tag('text'), got \"via('isp')\"")).toBe(
    "expected { reject: { code: 550, text: text } }, 'defer' or { tag: text }, got \"via('isp')\"",
  )
  expect(inYaml("such as env.secret('NAME')")).toBe('such as { $secret: env:NAME }')
  expect(inYaml('a name (or several), constructor(1), via(][)')).toBe('a name (or several), constructor(1), via(][)')
})
