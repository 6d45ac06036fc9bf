/** Spreads the load. */
export function pick<T>(list: T[]): T {
  return list[Math.floor(Math.random() * list.length)]!
}
