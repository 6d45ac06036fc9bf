import { z } from 'zod'
import { schema } from './schema.ts'

/** As much of JSON Schema draft-07 as the document's needs. */
export type JsonSchema = {
  readonly $ref?: string
  readonly $schema?: string
  readonly title?: string
  readonly description?: string
  readonly type?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly pattern?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly propertyNames?: unknown
  readonly readOnly?: boolean
  readonly additionalProperties?: JsonSchema | boolean
  readonly definitions?: Readonly<Record<string, JsonSchema>>
}

const early = new Set(['$schema', 'apiVersion', 'include'])

const include: JsonSchema = {
  description:
    'Other documents, merged into this one. The same key in two of them is an error; nothing is ever overridden.',
  examples: [['dnsbl.yaml', 'deny.yaml']],
  anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
}

const byEnv: JsonSchema = {
  description:
    'Another value in each environment (`--env prod`); `default` where none is named. The document must name the one asked for, or `default`.',
  type: 'object',
  properties: { $env: { type: 'object', description: 'Values by the name of the environment.' } },
  required: ['$env'],
  additionalProperties: false,
}

/** The structure of a document as JSON Schema, without what the loader takes away. Input of the page of all keys. */
export function structureSchema(): JsonSchema {
  // `custom` (a table that was read) stands as the object that a document writes, given as its metadata.
  const made = z.toJSONSchema(schema, { target: 'draft-7', io: 'input', unrepresentable: 'any' }) as JsonSchema
  return { ...made, properties: { ...head(made, 'include', include) } }
}

/** `schemas/mailgw.v1.schema.json`: what editors complete and check YAML and JSON documents with. */
export function editorSchema(): JsonSchema {
  const { $schema, definitions = {}, ...rest } = structureSchema()
  const shown = withByEnv(rest)
  return {
    $schema: $schema!,
    title: 'mailgw configuration, apiVersion mailgw/1',
    ...shown,
    definitions: { ...Object.fromEntries(Object.entries(definitions).map(([name, of]) => [name, clean(of)])), byEnv },
  }
}

/** Every value may differ by environment, at any depth; what the loader reads before may not. */
function withByEnv(of: JsonSchema): JsonSchema {
  const { properties, additionalProperties, items, anyOf, ...rest } = clean(of)
  return {
    ...rest,
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(withByEnv) }),
    ...(items === undefined ? {} : { items: choice(withByEnv(items)) }),
    ...(properties === undefined
      ? {}
      : { properties: mapped(properties, (one, key) => (early.has(key) ? clean(one) : choice(withByEnv(one)))) }),
    ...(additionalProperties === undefined
      ? {}
      : {
          additionalProperties:
            typeof additionalProperties === 'boolean' ? additionalProperties : choice(withByEnv(additionalProperties)),
        }),
  }
}

function choice(of: JsonSchema): JsonSchema {
  const reference: JsonSchema = { $ref: '#/definitions/byEnv' }
  const { description, default: otherwise, examples, anyOf, ...rest } = of
  return {
    ...(description === undefined ? {} : { description }),
    ...(otherwise === undefined ? {} : { default: otherwise }),
    ...(examples === undefined ? {} : { examples }),
    anyOf: [...(anyOf ?? [rest]), reference],
  }
}

/** Names of keys are told by position, `title` is for the page, and nothing writes documents but people. */
function clean({ propertyNames, title, readOnly, ...rest }: JsonSchema): JsonSchema {
  return rest
}

const mapped = (of: Readonly<Record<string, JsonSchema>>, change: (one: JsonSchema, key: string) => JsonSchema) =>
  Object.fromEntries(Object.entries(of).map(([key, one]) => [key, change(one, key)]))

/** The properties with one more behind `apiVersion`. */
function head(made: JsonSchema, name: string, of: JsonSchema): Record<string, JsonSchema> {
  const all = Object.entries(made.properties ?? {})
  const at = all.findIndex(([key]) => key === 'apiVersion') + 1
  return Object.fromEntries([...all.slice(0, at), [name, of], ...all.slice(at)])
}
