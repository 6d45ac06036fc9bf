import { type Document, isCollection, isScalar, visit, type YAMLError } from 'yaml'
import type { Diagnostic } from './diagnostic.ts'
import { loadCodes } from './load-codes.ts'
import { problem } from './load-problem.ts'
import type { Text } from './load-text.ts'

/** What the parser found, warnings included: a tag that nobody resolves would change the meaning in silence. */
export function yamlProblems(document: Document.Parsed, text: Text): Diagnostic[] {
  const version = /^%YAML[ \t]+(\S+)/m.exec(text.text)
  if (version !== null && document.directives.yaml.explicit && version[1] !== '1.2') {
    const at = version.index + version[0].length - version[1]!.length
    const position = text.position(at, at + version[1]!.length)
    const message = `expected YAML 1.2, got a directive for ${version[1]}, in which "no" is false and 010 is 8`
    return [problem(loadCodes.yamlVersion, position, message, { hint: 'remove the %YAML line' })]
  }
  // One slip gives several errors, on its line or at the end of what it left open; the most telling one is kept.
  const byLine = new Map<number, { rank: number; diagnostic: Diagnostic }>()
  for (const error of [...document.errors, ...document.warnings]) {
    const diagnostic = translated(error, document, text)
    const line = diagnostic.position!.line
    const rank = rankOf(error)
    const best = byLine.get(line)
    if (best === undefined || rank < best.rank) byLine.set(line, { rank, diagnostic })
  }
  return [...byLine].sort(([a], [b]) => a - b).map(([, { diagnostic }]) => diagnostic)
}

const rankOf = ({ code, pos }: YAMLError): number =>
  (code === 'BAD_ALIAS' ? 0 : code === 'MISSING_CHAR' ? 1 : 2) * 1e9 + pos[0]

function translated(error: YAMLError, document: Document.Parsed, text: Text): Diagnostic {
  const [from, to] = error.pos
  const start = Math.max(0, Math.min(from, text.text.length - 1))
  const say = (code: string, message: string, hint: string | null = null, at = start, end = Math.max(to, start + 1)) =>
    problem(code, text.position(at, end), message, { hint })

  const open = openedBefore(document, text, from)
  if (
    open !== null &&
    (error.code === 'MISSING_CHAR' || error.code === 'BAD_INDENT' || error.code === 'BLOCK_IN_FLOW')
  ) {
    const message = `this ${text.text[open]} is never closed`
    return say(loadCodes.yamlSyntax, message, null, open, open + 1)
  }
  switch (error.code) {
    case 'MULTIPLE_DOCS':
      return say(
        loadCodes.yamlSeveral,
        'a second document begins here; a file holds one',
        'use include for several files',
      )
    case 'TAG_RESOLVE_FAILED':
      return say(loadCodes.yamlTag, 'a tag has no meaning in this document', 'put a text that begins with ! in quotes')
    case 'TAB_AS_INDENT':
      return say(loadCodes.yamlSyntax, 'a tab indents here; YAML indents with spaces only')
    case 'BAD_ALIAS': {
      const at = text.text.lastIndexOf('*', from)
      const hint = 'put a pattern such as "*.example.com" in quotes'
      return say(loadCodes.yamlAlias, 'a text that begins with * must be in quotes', hint, at, from + 1)
    }
    case 'BAD_SCALAR_START':
    case 'UNEXPECTED_TOKEN':
      if (/^[@`%&*!|>]/.test(text.text.slice(start))) {
        const message = `a text that begins with ${text.text[start]} must be in quotes`
        return say(loadCodes.yamlSyntax, message)
      }
      if (/at node end/.test(error.message)) {
        return say(
          loadCodes.yamlSyntax,
          'nothing may follow here: the value has ended',
          'a quote or a colon may be misplaced',
        )
      }
      return say(loadCodes.yamlSyntax, sentence(error.message))
    case 'BLOCK_AS_IMPLICIT_KEY':
      return say(
        loadCodes.yamlSyntax,
        'a mapping cannot begin here, after a key on the same line',
        'put a text with ": " in quotes',
      )
    case 'MULTILINE_IMPLICIT_KEY':
      return say(
        loadCodes.yamlSyntax,
        'expected "key: value"',
        'a colon may be missing, or a quote above may not be closed',
      )
    case 'BAD_INDENT':
      return say(
        loadCodes.yamlSyntax,
        'this line begins in a column where no block above begins',
        'entries of one mapping stand in one column',
      )
    default:
      return say(loadCodes.yamlSyntax, sentence(error.message))
  }
}

/** Where the innermost quote or bracket opens that the text at `at` is still inside of; `null` when there is none. */
function openedBefore(document: Document.Parsed, text: Text, at: number): number | null {
  let open: number | null = null
  visit(document, {
    Node(_, node) {
      if (!node.range) return
      const [start, end, after] = node.range
      const brackets = isCollection(node) && node.flow === true
      const quotes = isScalar(node) && (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE')
      if (!brackets && !quotes) return
      const closing = quotes ? text.text[start] : text.text[start] === '[' ? ']' : '}'
      const closed = end - 1 > start && text.text[end - 1] === closing
      if (!closed && start <= at && at <= Math.max(end, after) + 1 && start > (open ?? -1)) open = start
    },
  })
  return open
}

const sentence = (message: string): string => {
  const first = message.split('\n')[0]!.trim().replace(/\.$/, '')
  return first.charAt(0).toLowerCase() + first.slice(1)
}
