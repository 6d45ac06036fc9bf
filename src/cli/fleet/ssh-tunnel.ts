import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A socket of this machine that leads to one of another, for as long as its ssh runs. */
export type Tunnel = { readonly socketPath: string; close(): Promise<void> }

export type TunnelTo = {
  readonly user: string | null
  readonly host: string
  readonly port: number | null
  /** Absolute path of the socket there. */
  readonly path: string
}

const openWithinMs = 20_000

/**
 * Forwards a unix socket with the ssh of this machine, whose settings, keys and known hosts hold. It is started by its
 * arguments and never through a shell; it asks nobody anything (BatchMode), runs no command there (-N), and gives up when
 * the forward fails or the other side falls silent. The socket lies in a folder of its own that only we may enter.
 *
 * Throws with what ssh said.
 */
export async function openTunnel({ user, host, port, path }: TunnelTo): Promise<Tunnel> {
  const folder = await mkdtemp(join(tmpdir(), 'mailgw-ssh-'))
  const socketPath = join(folder, 'admin.sock')
  const options = [
    'BatchMode=yes',
    'ExitOnForwardFailure=yes',
    'StreamLocalBindMask=0177',
    'ConnectTimeout=10',
    'ServerAliveInterval=5',
    'ServerAliveCountMax=3',
    // A connection that is shared would outlive us, and its forwards with it.
    'ControlMaster=no',
    'ControlPath=none',
  ].flatMap((option) => ['-o', option])
  const args = [
    ...['-N', '-T', ...options, '-L', `${socketPath}:${path}`],
    ...(port === null ? [] : ['-p', String(port)]),
    ...(user === null ? [] : ['-l', user]),
    ...['--', host],
  ]
  const child = spawn('ssh', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk) => (said = `${said}${chunk}`.slice(-2000)))
  let over: string | null = null
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      over = error.code === 'ENOENT' ? 'there is no ssh on this machine' : error.message
      resolve()
    })
    child.once('close', (code, signal) => {
      over ??= said.trim().split('\n').at(-1) || `ssh ended with ${code ?? signal}`
      resolve()
    })
  })
  const close = async () => {
    if (over === null) child.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  // It binds the socket when it is logged in and not before.
  for (const end = Date.now() + openWithinMs; !existsSync(socketPath); ) {
    if (over === null && Date.now() < end) {
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20))])
      continue
    }
    const why = over ?? `ssh was not connected after ${openWithinMs / 1000} s`
    await close()
    throw new Error(why)
  }
  return { socketPath, close }
}
