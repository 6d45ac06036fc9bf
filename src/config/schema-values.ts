import { z } from 'zod'
import type { Secret, TableRef } from './define.ts'
import { TableFile } from './source.ts'

/**
 * The kinds of values that a document is made of. Each carries as its zod message what was wanted, to stand behind
 * "expected "; zod looks at shapes alone, what texts mean is read by `validate-*.ts`.
 */
export const wanted = {
  duration: "a time with its unit, such as '5m'",
  size: "a size with its unit, such as '20MiB'",
  secret: "a reference to a secret, such as env.secret('NAME')",
  text: 'a text',
  flag: 'true or false',
  object: 'an object with keys',
  target:
    "a target: via('relay'), host('bart', 26), mx(), deliver(), reject(550, 'text'), hold(), discard(), or one of them as text",
} as const

const because = (expected: string) => ({ error: () => expected })

const alternatives = (words: readonly string[]): string => {
  const quoted = words.map((word) => JSON.stringify(word))
  return [quoted.slice(0, -1).join(', '), quoted.at(-1)].filter(Boolean).join(' or ')
}

export const text = (expected: string = wanted.text) => z.string(because(expected))
export const flag = () => z.boolean(because(wanted.flag))
export const yes = () => z.literal(true, because('true'))
export const list = <S extends z.ZodType>(of: S, expected: string) =>
  z.array(of, because(`a list of ${expected}`)).readonly()
export const oneOf = <const W extends readonly string[]>(words: W) => z.enum(words, because(alternatives(words)))
export const either = <const S extends readonly [z.ZodType, z.ZodType, ...z.ZodType[]]>(
  expected: string,
  branches: S,
) => z.union(branches, because(expected))
export const keys = <S extends z.ZodRawShape>(shape: S, expected: string = wanted.object) =>
  z.strictObject(shape, {
    // An issue does not say which keys are known: its message does.
    error: ({ code }) => (code === 'unrecognized_keys' ? Object.keys(shape).join(' ') : expected),
  })
export const named = <S extends z.ZodType>(of: S, expected: string) => z.record(z.string(), of, because(expected))

/** `pattern` is for editors; `src/mail/duration.ts` is what decides. */
export const duration = () =>
  text(wanted.duration).meta({ title: 'time', pattern: '^(\\d+d)?(\\d+h)?(\\d+m)?(\\d+s)?$' })
export const size = () => text(wanted.size).meta({ title: 'size', pattern: '^\\d+([KMG]i?)?B$' })

export function count(least: number, most: number) {
  const problem = because(`a whole number from ${least} to ${most}`)
  return z.number(problem).int(problem).min(least, problem).max(most, problem)
}

/** One value or a list of them. */
export const many = (expected: string) =>
  either(`${expected}, or a list`, [text(expected), list(text(expected), expected)])

const tableRef = z
  .custom<TableRef>((value) => value instanceof TableFile, because("table('file.tsv')"))
  .meta({
    id: 'table',
    description: 'Rows from a file beside the document: TSV, CSV, JSON or NDJSON.',
    type: 'object',
    properties: {
      $table: { type: 'string', description: 'The file, relative to this document.' },
      header: { const: true, description: 'The first line of the file names its columns.' },
    },
    required: ['$table'],
    additionalProperties: false,
  })

/** A list written here, in a table file, or a mixture of both. */
export const listOrTable = (expected: string) => {
  const item = either(`${expected} or table('file.tsv')`, [text(expected), tableRef])
  return either(`${expected}, a list, or table('file.tsv')`, [text(expected), list(item, expected), tableRef])
}

/** The same, or a file on the gateway that it reads by itself. */
export const listOrWatched = (expected: string) => {
  const item = either(`${expected} or table('file.tsv')`, [text(expected), tableRef])
  const watched = keys({
    $watched: text('an absolute path').meta({ description: 'A file on the gateway, by its absolute path.' }),
  })
  const wanted = `${expected}, a list, table('file.tsv') or watched('/file')`
  return either(wanted, [text(expected), list(item, expected), tableRef, watched])
}

export const rowsOrTable = <S extends z.ZodType>(of: S, expected: string) =>
  either(`${expected}, or table('file.tsv')`, [named(of, expected), tableRef])

export const table = () => tableRef

export const secret = () =>
  z
    .strictObject(
      {
        $secret: z
          .custom<Secret['$secret']>(
            (value) => typeof value === 'string',
            because("'env:NAME', 'file:/path' or 'exec:[...]'"),
          )
          .meta({ type: 'string', pattern: '^(env|file|exec):' }),
      },
      because(wanted.secret),
    )
    .meta({ title: 'secret', description: 'Names a secret that the gateway resolves; never the secret itself.' })
