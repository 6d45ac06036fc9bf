const domains = ['corp.example', 'corp.example']

function unique(list: string[]): string[] {
  const twice = list.find((name, i) => list.indexOf(name) !== i)
  if (twice !== undefined) throw new RangeError(`${twice} is listed twice`)
  return list
}

export default { domains: Object.fromEntries(unique(domains).map((name) => [name, 'local'])) }
