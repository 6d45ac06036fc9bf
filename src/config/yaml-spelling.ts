import { parse, stringify } from 'yaml'
import * as builders from './builders.ts'

const { env, file, exec } = builders
const calls = new Map<string, unknown>([
  ...Object.entries(builders),
  ['env.secret', env.secret],
  ['file.secret', file.secret],
  ['exec.secret', exec.secret],
])

/**
 * What a message proposes in the words of TypeScript, for who writes YAML or JSON: `reject(550, 'text')` is
 * `{ reject: { code: 550, text: text } }` there. What came stays as it came.
 */
export function inYaml(message: string): string {
  const came = message.indexOf(', got ')
  const [wanted, got] = came === -1 ? [message, ''] : [message.slice(0, came), message.slice(came)]
  return (
    wanted.replace(/([a-zA-Z.]+)\(([^()]*)\)/g, (whole, name: string, list: string) => {
      const builder = calls.get(name)
      if (typeof builder !== 'function') return whole
      try {
        return stringify(builder(...parse(`[${list}]`)), { collectionStyle: 'flow' }).trim()
      } catch {
        // The words of somebody else, which only look like a call.
        return whole
      }
    }) + got
  )
}

export const isYaml = (file: string): boolean => /\.(?:ya?ml|json)$/.test(file)
