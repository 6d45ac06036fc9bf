import { describe, expect, test } from 'vitest'
import { issues, loaded, refusal, textAt } from './written.ts'

const text = `relaying: two-way
localMx:
  "*": { $env: { prod: { mx: true }, default: { relay: isp } } }
limits: { $env: { lab: { maxErrors: 1 }, default: { maxErrors: 2 } } }
`

describe('$env', () => {
  test('takes the value of the environment', async () => {
    expect((await loaded({ 'd.yaml': text }, { env: 'prod' })).value).toEqual({
      relaying: 'two-way',
      localMx: { '*': { mx: true } },
      limits: { maxErrors: 2 },
    })
  })

  test('takes the default without an environment, and for one that a choice does not name', async () => {
    expect((await loaded({ 'd.yaml': text })).value).toMatchObject({ localMx: { '*': { relay: 'isp' } } })
    expect((await loaded({ 'd.yaml': text }, { env: 'lab' })).value).toEqual({
      relaying: 'two-way',
      localMx: { '*': { relay: 'isp' } },
      limits: { maxErrors: 1 },
    })
  })

  test('what is taken is found in the branch that was taken, its key where the key stands', async () => {
    const { positions } = await loaded({ 'd.yaml': text }, { env: 'prod' })
    expect(textAt(positions.key(['localMx', '*'])!)).toBe('"*"')
    expect(positions.value(['localMx', '*', 'mx'])).toMatchObject({ line: 3, column: 30 })
  })

  test('byEnv of TypeScript is the same', async () => {
    const script = `import { byEnv, mx, via } from 'mailgw'
export default { localMx: { '*': byEnv({ prod: mx(), default: via('isp') }) } }`
    const { value, positions } = await loaded({ 'd.ts': script }, { env: 'prod' })
    expect(value).toEqual({ localMx: { '*': { mx: true } } })
    expect(textAt(positions.value(['localMx', '*'])!)).toBe('mx()')
  })

  test('may stand in a choice, in a list, and for the whole document', async () => {
    const nested = '$env: { default: { a: [{ $env: { x: 1, default: { $env: { y: 2, default: 3 } } } }] } }'
    const value = async (env: string | null) =>
      ((await loaded({ 'd.yaml': nested }, { env })).value as { a: number[] }).a
    expect(await value(null)).toEqual([3])
    expect(await value('x')).toEqual([1])
    expect(await value('y')).toEqual([2])
  })

  test('chooses includes and tables before they are read', async () => {
    const files = {
      'd.yaml':
        'include: { $env: { prod: [gone.yaml], default: [a.yaml] } }\nb: { $env: { prod: { $table: gone.tsv }, default: 1 } }',
      'a.yaml': 'a: 1',
    }
    expect((await loaded(files)).value).toEqual({ a: 1, b: 1 })
  })
})

describe('$env is refused', () => {
  const cases = [
    {
      name: 'without a default when no environment was named',
      text: 'a: { $env: { prod: 1, lab: 2 } }',
      env: null,
      want: ['MG1070 d.yaml:1:6 $env'],
    },
    {
      name: 'without a value for the one that was named',
      text: 'a: { $env: { prod: 1 } }\nb: { $env: { lab: 1, default: 2 } }',
      env: 'lab',
      want: ['MG1070 d.yaml:1:6 $env'],
    },
    {
      name: 'with other keys beside it',
      text: 'a: { $env: { default: 1 }, b: 1 }',
      env: null,
      want: ['MG1072 d.yaml:1:28 b'],
    },
    { name: 'with no mapping', text: 'a: { $env: prod }', env: null, want: ['MG1072 d.yaml:1:12 prod'] },
    { name: 'with an empty mapping', text: 'a: { $env: {} }', env: null, want: ['MG1072 d.yaml:1:12 {}'] },
    {
      name: 'and each wrong one is told',
      text: 'a: { $env: { x: 1 } }\nb: { $env: { x: 1 } }',
      env: null,
      want: ['MG1070 d.yaml:1:6 $env', 'MG1070 d.yaml:2:6 $env'],
    },
  ]
  for (const { name, text: written, env, want } of cases) {
    test(name, async () => expect(await issues({ 'd.yaml': written }, { env })).toEqual(want))
  }

  test('a misspelt --env, which would take every default, with the names that are known', async () => {
    const [unknown] = await refusal(loaded({ 'd.yaml': text }, { env: 'prdo' }))
    expect(unknown).toMatchObject({ code: 'MG1071', hint: 'did you mean "prod"?', position: null })
    expect(unknown!.message).toContain('"prdo"')
  })

  test('--env for a document that has no choice', async () => {
    expect((await refusal(loaded({ 'd.yaml': 'a: 1' }, { env: 'prod' })))[0]).toMatchObject({ code: 'MG1071' })
  })

  test('but a name in a branch that is not taken, or in an included file, is known', async () => {
    const files = {
      'd.yaml': 'include: a.yaml\nx: { $env: { prod: { $env: { deep: 1, default: 2 } }, default: 0 } }',
      'a.yaml': 'y: { $env: { other: 1, default: 2 } }',
    }
    expect((await loaded(files, { env: 'deep' })).value).toEqual({ x: 0, y: 2 })
    expect((await loaded(files, { env: 'other' })).value).toEqual({ x: 0, y: 1 })
  })
})
