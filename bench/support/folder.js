import { chmodSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

const tmpfs = 0x01021994

/** A folder on a real disk: on a tmpfs nothing would be durable and every figure too good. `BENCH_FOLDER` names another place. */
export function benchFolder() {
  const parent = process.env.BENCH_FOLDER ?? '/var/tmp'
  if (statfsSync(parent).type === tmpfs) throw new Error(`${parent} is a tmpfs; set BENCH_FOLDER to a folder on a disk`)
  const folder = mkdtempSync(join(parent, 'mailgw-bench-'))
  // Postfix works as a user of its own.
  chmodSync(folder, 0o755)
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}
