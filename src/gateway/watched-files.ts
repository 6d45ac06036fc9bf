import { readFile, stat } from 'node:fs/promises'
import { networkSet } from '../graph/network-set.ts'
import type { OracleAnswer } from '../ingress/inquiry.ts'
import type { Clock, Timer } from '../mail/clock.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { Log } from '../mail/log.ts'
import { readNetworkLines } from './network-lines.ts'

/**
 * Files of networks that documents watch (`watched('/file')`). A file is read when it is first asked about, and again
 * within seconds when it has changed; one that nobody has asked about for a while is forgotten. States of each:
 *   reading     the first time: who asks waits for it
 *   known       asked of the latest content. Lines that are no network are told and left out
 *   unreadable  it is not there, too large or not readable: the answer is `error`, which the document has an answer for
 */
export type WatchedFiles = {
  ask(path: string, client: IpAddress): OracleAnswer | Promise<OracleAnswer>
  /** For the status. */
  list(): readonly { readonly path: string; readonly networks: number | null; readonly error: string | null }[]
  close(): void
}

const everyMs = 2000
const forgottenMs = 600_000
const maxBytes = 64 * 1024 * 1024

type Watched = {
  /** Size, time of change and number of the file, as one text: another one means another content. */
  version: string
  /** `null`: it is being read for the first time. */
  content: Content | null
  first: Promise<Content>
  askedAt: number
}
type Content =
  | { readonly kind: 'known'; readonly holds: (client: IpAddress) => boolean; readonly networks: number }
  | { readonly kind: 'unreadable'; readonly why: string }

export function watchFiles(clock: Clock, log: Log): WatchedFiles {
  const files = new Map<string, Watched>()
  let timer: Timer | null = null
  let isClosed = false

  const take = (path: string, text: string): Content => {
    const { networks, wrong, firstWrong } = readNetworkLines(text)
    log.info('watched.read', { path, networks: networks.length })
    if (wrong > 0) log.warn('watched.lines-left-out', { path, lines: wrong, first: firstWrong })
    return { kind: 'known', holds: networkSet(networks), networks: networks.length }
  }
  const read = async (path: string, file: Watched): Promise<Content> => {
    try {
      const now = await stat(path, { bigint: true })
      const version = `${now.size} ${now.mtimeNs} ${now.ino}`
      if (file.content !== null && version === file.version) return file.content
      if (Number(now.size) > maxBytes) throw new Error(`larger than ${maxBytes} octets`)
      file.content = take(path, await readFile(path, 'utf8'))
      file.version = version
    } catch (error) {
      const why = (error as Error).message
      if (file.content?.kind !== 'unreadable') log.error('watched.unreadable', { path, error: why })
      file.version = ''
      file.content = { kind: 'unreadable', why }
    }
    return file.content
  }
  const look = async (): Promise<void> => {
    const now = clock.now()
    for (const [path, { askedAt }] of files) if (now - askedAt > forgottenMs) files.delete(path)
    // One whose first reading takes long is not read a second time beside it.
    for (const [path, file] of files) if (file.content !== null) await read(path, file)
    timer = null
    goOn()
  }
  const goOn = (): void => {
    if (files.size > 0 && !isClosed) timer ??= clock.setTimeout(() => void look(), everyMs)
  }
  const begin = (path: string): Watched => {
    const file = { version: '', content: null, askedAt: clock.now() } as unknown as Watched
    files.set(path, file)
    file.first = read(path, file)
    goOn()
    return file
  }
  return {
    ask(path, client) {
      const file = files.get(path) ?? begin(path)
      file.askedAt = clock.now()
      return file.content === null
        ? file.first.then((content) => answer(content, client))
        : answer(file.content, client)
    },
    list: () =>
      [...files].map(([path, { content }]) => ({
        path,
        networks: content?.kind === 'known' ? content.networks : null,
        error: content?.kind === 'unreadable' ? content.why : null,
      })),
    close() {
      isClosed = true
      timer?.cancel()
    },
  }
}

const answer = (content: Content, client: IpAddress): OracleAnswer =>
  content.kind === 'unreadable'
    ? { outcome: 'error', reason: content.why }
    : { outcome: content.holds(client) ? 'listed' : 'clear', reason: null }
