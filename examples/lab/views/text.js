const SHOWN = 4

/** The start of a secret. */
export function shorten(secret) {
  return secret.length > SHOWN ? `${secret.slice(0, SHOWN)}…` : secret
}

export function clock(time) {
  return new Date(time).toLocaleTimeString('en-GB')
}

/** The data of a session in few words: `user ada, theme dark`. */
export function describe(data) {
  const pairs = Object.entries(data).map(([key, value]) => `${key} ${value}`)
  return pairs.length > 0 ? pairs.join(', ') : 'no data'
}
