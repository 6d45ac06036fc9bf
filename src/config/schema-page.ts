import { codes } from './codes.ts'
import { type JsonSchema, structureSchema } from './schema-json.ts'

const intro = `# The document

Made from \`src/config/schema.ts\`. The same document can be written in TypeScript (\`mailgw.config.ts\`), YAML or JSON; it means the same and gives the same graph hash.

- **Times** have a unit: \`'30s'\`, \`'5m'\`, \`'1h30m'\`, \`'5d'\`. **Sizes** too: \`'20MiB'\` (20 * 1024 * 1024), \`'20MB'\` (20,000,000), \`'500KB'\`. A bare number is an error.
- **Domain patterns**: \`a.example\` is that domain, \`*.a.example\` everything below it at any depth but not \`a.example\`, \`*\` everything. The most specific pattern wins (exact, then the longest \`*.suffix\`, then \`*\`), never the order of rows. \`.a.example\` is refused: it means two things. Capitals, U-labels and a final dot are the same name.
- **Address patterns**: \`user@a.example\`, \`a.example\` (or \`*@a.example\`), \`*.a.example\`, \`*\`, and \`<>\` for the null reverse-path. Local parts are compared without case.
- **Networks**: \`192.0.2.1\`, \`192.0.2.0/24\`, \`2001:db8::/32\`. Bits behind the prefix, leading zeros, short and mixed forms are refused.
- **Hosts**: \`host\`, \`host:port\`, \`[2001:db8::1]:port\`.
- **Targets** of \`localMx\`, as text (in tables and anywhere else): \`bart\`, \`bart:26\`, \`bart:26,lisa\` in order of preference, \`relay:isp\`, \`mx\`, \`deliver\`, \`deliver FOLDER\`, \`reject 550 text\`, \`hold\`, \`hold why\`, \`discard\`. In TypeScript \`host()\`, \`hosts()\`, \`via()\`, \`mx()\`, \`deliver()\`, \`reject()\`, \`hold()\`, \`discard()\`. A host that is called like one of these words is written \`{ host: 'mx' }\`.
- **Tables**: \`table('file.tsv')\`, in YAML and JSON \`{ $table: file.tsv }\`, for rows in a TSV, CSV, JSON or NDJSON file. \`header: true\` when its first line names the columns; otherwise they are in the order given below. A column \`comment\` is for people.
- **Secrets** are references: \`env.secret('NAME')\`, \`file.secret('/path')\`, \`exec.secret(['program', 'argument'])\`, in YAML and JSON \`{ $secret: 'env:NAME' }\`, \`{ $secret: 'file:/path' }\`, \`{ $secret: 'exec:["program","argument"]' }\`.
- **Environments**: any value can be \`byEnv({ prod: ..., default: ... })\`, in YAML and JSON \`{ $env: { prod: ..., default: ... } }\`.
- \`deny\` and \`dnsbl\` are lists: there the first match in the document's order decides.
`

/** `docs/config.md`: every key, its type, default and meaning, an example each, and all codes. */
export function configPage(): string {
  const root = structureSchema()
  const rows = Object.entries(root.properties ?? {}).filter(([key]) => key !== '$schema')
  const sections = rows.map(([key, of]) => section(key, of, root))
  return `${[intro, ...sections, codeTable()].join('\n')}`
}

function section(key: string, of: JsonSchema, root: JsonSchema): string {
  const needed = (root.required ?? []).includes(key)
  const lines = [`## ${key}`, '', of.description ?? '', '']
  const facts = [`Type: ${typeOf(of)}.`, needed ? 'Required.' : defaultOf(of)].filter((fact) => fact !== '')
  lines.push(facts.join(' '), '')
  for (const example of of.examples ?? []) lines.push('```yaml', yaml({ [key]: example }), '```', '')
  const inner = [...keysOf(of, key)]
  if (inner.length > 0) {
    lines.push('| key | type | default | meaning |', '|---|---|---|---|')
    for (const [path, one, required] of inner) {
      const otherwise = required ? 'required' : one.default === undefined ? '' : code(one.default)
      const examples = (one.examples ?? []).map((example) => `Example: ${code(example)}.`)
      lines.push(
        `| ${[`\`${path}\``, typeOf(one), otherwise, [one.description ?? '', ...examples].join(' ')].map(cell).join(' | ')} |`,
      )
    }
    lines.push('')
  }
  return lines.join('\n')
}

/** Every key below, `NAME` and `[]` standing for what a person names and for the elements of a list. */
function* keysOf(of: JsonSchema, path: string, alternative = false): Generator<[string, JsonSchema, boolean]> {
  for (const [key, one] of Object.entries(of.properties ?? {})) {
    const inner = `${path}.${key}`
    // One of several objects is told from the others by its only key: that key is no duty.
    const alone = alternative && Object.keys(of.properties ?? {}).length === 1
    yield [inner, one, !alone && (of.required ?? []).includes(key)]
    if (one.title !== 'secret') yield* keysOf(one, inner)
  }
  if (typeof of.additionalProperties === 'object') yield* keysOf(of.additionalProperties, `${path}.NAME`)
  if (of.items !== undefined) yield* keysOf(of.items, `${path}[]`)
  for (const one of of.anyOf ?? []) yield* keysOf(one, path, true)
}

function typeOf(of: JsonSchema): string {
  if (of.title !== undefined) return of.title
  if (of.$ref !== undefined) return 'table'
  if (of.const !== undefined) return code(of.const)
  if (of.enum !== undefined) return of.enum.map(code).join(' or ')
  if (of.anyOf !== undefined) return [...new Set(of.anyOf.map(typeOf))].join(' or ')
  if (of.type === 'array') return listOf(typeOf(of.items ?? {}))
  if (of.type === 'integer') return `whole number, ${of.minimum} to ${of.maximum}`
  if (of.type === 'boolean') return 'true or false'
  if (of.type === 'string') return 'text'
  return of.properties === undefined ? 'object by name' : 'object'
}

const listOf = (inner: string): string => `list of ${inner.includes(' or ') ? `(${inner})` : inner}`
const defaultOf = (of: JsonSchema): string => (of.default === undefined ? '' : `Default: ${code(of.default)}.`)
const code = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** YAML of an example: one key, its value in flow style, which is JSON. */
const yaml = (example: Record<string, unknown>): string =>
  Object.entries(example)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
    .join('\n')

function codeTable(): string {
  const rows = Object.entries(codes).map(([key, meaning]) => `| ${key} | ${meaning} |`)
  return [
    '## Codes',
    '',
    'What `mailgw check` says about the meaning of a document. A code never changes its own.',
    '',
    '| code | meaning |',
    '|---|---|',
    ...rows,
    '',
  ].join('\n')
}
