const BROWSERS = {
  Edg: 'Edge',
  OPR: 'Opera',
  Firefox: 'Firefox',
  Chrome: 'Chrome',
  Safari: 'Safari',
}
const SYSTEMS = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac OS', 'Linux']

/** A short name of the browser in a User-Agent header, such as `Firefox on Linux`. */
export function browserOf(agent) {
  const browser = Object.keys(BROWSERS).find((token) => agent.includes(`${token}/`))
  const system = SYSTEMS.find((name) => agent.includes(name))
  return `${BROWSERS[browser] ?? 'A browser'}${system ? ` on ${system}` : ''}`
}
