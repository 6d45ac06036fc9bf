import { join, resolve } from 'node:path'
import { CommandError, type Invocation, textOption } from './run.ts'

/** `--state-dir`, else `$MAILGW_STATE_DIR`, else `./state`; absolute. */
export function stateDirOf(options: Invocation['options']): string {
  return resolve(textOption(options, 'stateDir') ?? process.env['MAILGW_STATE_DIR'] ?? 'state')
}

/** The admin socket. A unix socket's path has at most 107 octets on Linux; longer ones fail with a riddle. */
export function socketOf(stateDir: string): string {
  const socket = join(stateDir, 'admin.sock')
  if (Buffer.byteLength(socket) > 107) {
    throw new CommandError(
      `the path of the admin socket is too long (${Buffer.byteLength(socket)} of 107 octets): ${socket}`,
    )
  }
  return socket
}
