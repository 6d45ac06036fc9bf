import { dirname, resolve } from 'node:path'
import { addMark, type Hooks, type Mark, type Marks, type Part } from './child-marks.ts'
import type { Text } from './load-text.ts'

/** What of Babel's tree is used here. Babel comes bundled in jiti and has no types there. */
export type AstNode = {
  readonly type: string
  // biome-ignore lint/suspicious/noExplicitAny: the tree of another program; each use looks at `type` first
  readonly [field: string]: any
}
// biome-ignore lint/suspicious/noExplicitAny: Babel's path and builders, untyped as above
type Untyped = any

/** Called with each module that is named in an import, a re-export, `import()` or `require()`. May throw. */
export type ImportSeen = (name: string, mark: Mark) => void

/** The name under which the hooks stand in `globalThis`. */
export const hooksName = '__mailgw'

/**
 * A plugin for Babel: puts a call of a hook around each object, array, call and assignment of one module. It rewrites
 * before all other plugins, while every node still has the place where the user wrote it.
 */
export function visitorOf(marks: Marks, text: Text, importSeen: ImportSeen) {
  return ({ types: t }: { readonly types: Untyped }) => {
    const done = new WeakSet<object>()
    const markOf = (node: AstNode | null | undefined): Mark => {
      if (!node || typeof node['start'] !== 'number') return -1
      // By offset: Babel also counts lines at U+2028 and U+2029, which no editor shows as line ends.
      const { line, column, endColumn } = text.position(node['start'], node['end'])
      return addMark(marks, text.file, line, column, endColumn)
    }
    const literal = (mark: Mark): AstNode =>
      mark < 0 ? t.unaryExpression('-', t.numericLiteral(-mark)) : t.numericLiteral(mark)
    const hook = (name: keyof Hooks, like: AstNode, given: readonly unknown[]): AstNode => {
      const callee = t.memberExpression(t.identifier(hooksName), t.identifier(name))
      const call = t.callExpression(callee, given)
      // A stack trace must lead to what the user wrote.
      for (const node of [call, callee, callee.object, callee.property]) {
        node.loc = like['loc']
        node.start = like['start']
        node.end = like['end']
      }
      done.add(call)
      return call
    }
    const replace = (path: Untyped, node: AstNode): void => {
      path.replaceWith(node)
    }
    const staticKey = (property: AstNode): string | null => {
      const key = property['key'] as AstNode
      if (property['computed'] && key.type !== 'StringLiteral') return null
      if (key.type === 'Identifier') return key['name']
      return key.type === 'StringLiteral' || key.type === 'NumericLiteral' ? String(key['value']) : null
    }

    const object = (path: Untyped): void => {
      const node = path.node as AstNode
      if (done.has(node)) return
      done.add(node)
      const parts: Part[] = []
      const groups: AstNode[][] = []
      for (const property of node['properties'] as AstNode[]) {
        if (property.type === 'SpreadElement') {
          parts.push({ kind: 'spread', mark: markOf(property) })
          groups.push([property])
          continue
        }
        const name = staticKey(property)
        const places = [markOf(property['key']), markOf(property['value'] ?? property)] as const
        // `{ __proto__: x }` sets the prototype and is no key: such a literal stays as it is.
        if (name === '__proto__' && !property['computed']) return
        if (name === null) {
          parts.push({ kind: 'computed', key: places[0], value: places[1] })
          groups.push([property])
        } else {
          const last = parts.at(-1)
          if (last?.kind === 'plain') {
            ;(last.keys as Map<string, readonly [Mark, Mark]>).set(name, places)
            groups.at(-1)!.push(property)
          } else {
            parts.push({ kind: 'plain', keys: new Map([[name, places]]) })
            groups.push([property])
          }
        }
      }
      const number = t.numericLiteral(marks.literals.push({ self: markOf(node), parts }) - 1)
      if (parts.length === 0 || (parts.length === 1 && parts[0]!.kind === 'plain')) {
        replace(path, hook('$object', node, [number, node]))
        return
      }
      const values = groups.map((group, i) => {
        if (parts[i]!.kind === 'spread') return group[0]!['argument']
        const part = t.objectExpression(group)
        part.loc = group[0]!['loc']
        done.add(part)
        return part
      })
      replace(path, hook('$merge', node, [number, ...values]))
    }

    const list = (path: Untyped): void => {
      const node = path.node as AstNode
      if (done.has(node)) return
      done.add(node)
      const elements = node['elements'] as (AstNode | null)[]
      const self = markOf(node)
      if (!elements.some((element) => element?.type === 'SpreadElement')) {
        const number = t.numericLiteral(marks.rows.push({ self, parts: [elements.map(markOf)] }) - 1)
        replace(path, hook('$list', node, [number, node]))
        return
      }
      const parts: (Mark[] | { spread: Mark })[] = []
      const values: AstNode[] = []
      for (const element of elements) {
        if (element?.type === 'SpreadElement') {
          parts.push({ spread: markOf(element) })
          values.push(element['argument'])
          continue
        }
        const last = parts.at(-1)
        if (Array.isArray(last)) {
          last.push(markOf(element))
          values.at(-1)!['elements'].push(element)
        } else {
          const part = t.arrayExpression([element])
          done.add(part)
          parts.push([markOf(element)])
          values.push(part)
        }
      }
      const number = t.numericLiteral(marks.rows.push({ self, parts }) - 1)
      replace(path, hook('$join', node, [number, ...values]))
    }

    const call = (path: Untyped): void => {
      const node = path.node as AstNode
      if (done.has(node)) return
      done.add(node)
      const callee = node['callee'] as AstNode
      const given = node['arguments'] as AstNode[]
      const [first] = given
      if (callee.type === 'Import' || (callee.type === 'Identifier' && callee['name'] === 'require')) {
        if (first?.type === 'StringLiteral') importSeen(first['value'], markOf(first))
        return
      }
      const site = () => {
        const spread = given.findIndex((argument) => argument.type === 'SpreadElement')
        const places = given.slice(0, spread < 0 ? given.length : spread).map(markOf)
        return t.numericLiteral(marks.sites.push({ self: markOf(node), callee: nameOf(callee), arguments: places }) - 1)
      }
      if (callee.type === 'Identifier' && callee['name'] !== 'eval') {
        replace(path, hook('$call', node, [site(), callee, ...given]))
      } else if (
        callee.type === 'MemberExpression' &&
        !callee['optional'] &&
        callee['object'].type !== 'Super' &&
        callee['property'].type !== 'PrivateName'
      ) {
        const name = callee['computed'] ? callee['property'] : t.stringLiteral(callee['property']['name'])
        replace(path, hook('$method', node, [site(), callee['object'], name, ...given]))
      }
    }

    const assignment = (path: Untyped): void => {
      const node = path.node as AstNode
      if (done.has(node)) return
      done.add(node)
      const left = node['left'] as AstNode
      if (node['operator'] !== '=' || left.type !== 'MemberExpression') return
      if (left['object'].type === 'Super' || left['property'].type === 'PrivateName') return
      const name = left['computed'] ? left['property'] : t.stringLiteral(left['property']['name'])
      const key = literal(markOf(left['property']))
      const value = literal(markOf(node['right']))
      replace(path, hook('$set', node, [key, value, left['object'], name, node['right']]))
    }

    /** `import rows from './rows.json'` becomes a variable, so that the places inside of the file are known too. */
    const json = (path: Untyped): void => {
      const { node } = path
      const wanted = resolve(dirname(text.file), node.source.value)
      const read = () => hook('$json', node, [t.stringLiteral(wanted), literal(markOf(node.source))])
      const variables = node.specifiers.map((specifier: AstNode) => {
        const name = specifier['imported']?.name ?? specifier['imported']?.value ?? 'default'
        const whole = specifier.type === 'ImportNamespaceSpecifier' || name === 'default'
        return t.variableDeclarator(
          specifier['local'],
          whole ? read() : t.memberExpression(read(), t.stringLiteral(name), true),
        )
      })
      for (const specifier of node.specifiers) path.scope.removeBinding(specifier.local.name)
      if (variables.length === 0) path.remove()
      else path.scope.registerDeclaration(path.replaceWith(t.variableDeclaration('const', variables))[0])
    }

    const declaration = (path: Untyped): void => {
      const { node } = path
      if (node.importKind !== 'type' && /^\.\.?\/.*\.json$/.test(node.source.value)) json(path)
      else source(path)
    }

    const source = ({ node }: Untyped): void => {
      if (node.source && node.importKind !== 'type' && node.exportKind !== 'type') {
        importSeen(node.source.value, markOf(node.source))
      }
    }

    const thrown = (path: Untyped): void => {
      const node = path.node as AstNode
      if (done.has(node)) return
      done.add(node)
      node['argument'] &&
        path
          .get('argument')
          .replaceWith(hook('$throw', node['argument'], [literal(markOf(node['argument'])), node['argument']]))
    }

    const inner = {
      ExportDefaultDeclaration: ({ node }: Untyped) => void marks.exported.set(text.file, markOf(node.declaration)),
      ImportDeclaration: declaration,
      ExportNamedDeclaration: source,
      ExportAllDeclaration: source,
      ObjectExpression: { exit: object },
      ArrayExpression: { exit: list },
      CallExpression: { exit: call },
      AssignmentExpression: { exit: assignment },
      ThrowStatement: { exit: thrown },
    }
    return {
      visitor: {
        Program: {
          enter(path: Untyped) {
            path.traverse(inner)
          },
        },
      },
    }
  }
}

function nameOf(callee: AstNode): string {
  if (callee.type === 'Identifier') return callee['name']
  if (callee.type === 'ThisExpression') return 'this'
  if (callee['expression']) return nameOf(callee['expression'])
  if (callee.type === 'MemberExpression' && !callee['computed'])
    return `${nameOf(callee['object'])}.${callee['property']['name']}`
  return 'this value'
}
