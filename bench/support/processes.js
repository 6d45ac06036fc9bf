import { readdirSync, readFileSync } from 'node:fs'

/** Ticks of utime and stime in a second; 100 on every Linux that Node runs on. */
const ticks = 100

/** `pid` and all that descends from it. */
export function tree(pid) {
  const found = [pid]
  for (let i = 0; i < found.length; i++) {
    for (const task of list(`/proc/${found[i]}/task`)) {
      const children = read(`/proc/${found[i]}/task/${task}/children`)
      for (const child of children.split(' ')) if (child !== '') found.push(Number(child))
    }
  }
  return found
}

/**
 * CPU seconds of a tree of processes, of those included that have ended and were waited for. A stat line is cut to whole
 * ticks, which hides a second of a hundred processes; the scheduler's own count is exact but forgets ended threads.
 */
export function cpuSeconds(pid) {
  let sum = 0
  for (const process of tree(pid)) {
    // The name, in parentheses, may hold blanks; utime is the 12th field behind it.
    const fields = read(`/proc/${process}/stat`).split(') ')[1]?.split(' ').map(Number)
    if (fields === undefined) continue
    let nanoseconds = 0
    for (const task of list(`/proc/${process}/task`)) {
      nanoseconds += Number(read(`/proc/${process}/task/${task}/schedstat`).split(' ')[0])
    }
    sum += Math.max((fields[11] + fields[12]) / ticks, nanoseconds / 1e9) + (fields[13] + fields[14]) / ticks
  }
  return sum
}

/** Memory of a tree now, in bytes: the sum of what is resident, and of it what is anonymous (nobody shares it). */
export function memory(pid) {
  let rss = 0
  let anonymous = 0
  const processes = tree(pid)
  for (const process of processes) {
    const status = read(`/proc/${process}/status`)
    rss += kilobytes(status, 'VmRSS')
    anonymous += kilobytes(status, 'RssAnon')
  }
  return { rss, anonymous, processes: processes.length }
}

/** Looks at the memory of a tree until it is stopped; gives the peaks. One process's own high-water mark is exact. */
export function watchMemory(pid, everyMs = 100) {
  const peak = { rss: 0, anonymous: 0, processes: 0 }
  const look = () => {
    const now = memory(pid)
    for (const key of Object.keys(peak)) peak[key] = Math.max(peak[key], now[key])
  }
  look()
  const timer = setInterval(look, everyMs)
  return {
    stop() {
      clearInterval(timer)
      look()
      if (peak.processes === 1) peak.rss = Math.max(peak.rss, kilobytes(read(`/proc/${pid}/status`), 'VmHWM'))
      return peak
    },
  }
}

const kilobytes = (status, name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024

/** A process may end between two looks; then there is nothing of it. */
function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function list(path) {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
