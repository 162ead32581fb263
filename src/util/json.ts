/** The object or array that a text holds; undefined for a scalar, null, and text that is not JSON. */
export function parseObject(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = text === undefined ? undefined : JSON.parse(text)
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** Whether JSON can write a value: not with a cycle, a BigInt, or nesting that exhausts the stack. */
export function isEncodable(value: unknown): boolean {
  try {
    JSON.stringify(value)
    return true
  } catch {
    return false
  }
}

/** Fewer brackets than this cannot nest so deeply that they exhaust the stack. */
const SHALLOW = 500

/** Whether a JSON text certainly nests less deeply than JSON can write. */
export function isShallow(json: string): boolean {
  let brackets = 0
  for (const bracket of ['{', '['])
    for (let at = json.indexOf(bracket); at >= 0; at = json.indexOf(bracket, at + 1))
      if (++brackets > SHALLOW) return false
  return true
}
