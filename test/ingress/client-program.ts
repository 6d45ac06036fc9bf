import { spawn } from 'node:child_process'
import { path } from '../support/peer.ts'

/** Runs a client to its end. Not synchronous: the server it talks to is in this process. */
export async function runClient(
  program: string,
  args: readonly string[],
  input = '',
): Promise<{ code: number | null; output: string }> {
  const child = spawn(program, args, { env: { ...process.env, PATH: path }, stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const code = await new Promise<number | null>((resolve, reject) => child.once('exit', resolve).once('error', reject))
  return { code, output }
}
