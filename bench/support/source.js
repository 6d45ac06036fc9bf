import { spawn } from 'node:child_process'

/** Sends with Postfix's smtp-source; gives how long it took. Its Message-Ids are unique over all of its runs. */
export async function smtpSource({
  port,
  messages,
  sessions,
  sizeBytes,
  recipients = 1,
  kept,
  to = 'recipient@dst.test',
}) {
  const args = [...(kept ? ['-d'] : []), '-s', sessions, '-m', messages, '-l', sizeBytes]
  if (recipients > 1) args.push('-r', recipients)
  args.push('-f', 'sender@src.test', '-t', to, '-M', 'source.test', `127.0.0.1:${port}`)
  const startedAt = Date.now()
  const started = performance.now()
  const child = spawn('smtp-source', args.map(String), { stdio: ['ignore', 'inherit', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk) => (errors += chunk))
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (code !== 0) throw new Error(`smtp-source ended with ${code}: ${errors.slice(0, 500)}`)
  return { startedAt, seconds: (performance.now() - started) / 1000 }
}
