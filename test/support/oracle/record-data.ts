/** The time of all requests. */
export const now = () => 1_800_000_000_000

type Data = Record<string, unknown>
export const isObject = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function parsed(value = ''): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

export function written(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

/** The entries of an object as text, in the order of their keys. */
export const sorted = (data: object) =>
  written(Object.entries(data).sort(([left], [right]) => (left < right ? -1 : 1)))

const PEER = ['_expire', '_maxAge', '_session']

/** The data of a value as comparable text; undefined: it is no record, or none that can be written. */
export function dataIn(value: string | undefined): string | undefined {
  const record = parsed(value)
  if (!isObject(record)) return undefined
  const { cookie, ...data } = record
  const { _expire, _maxAge, _session } = data
  const lasting = Number.isFinite(_expire) && Number.isFinite(_maxAge)
  const marked = isObject(cookie) && cookie.data === true
  if (!marked && (lasting || _session === true)) for (const name of PEER) delete data[name]
  return sorted(data)
}

/** Whether a record says of itself that it ended; undefined: not known. */
export function isOver(value: string): boolean | undefined {
  const record = parsed(value)
  if (!isObject(record)) return false
  const { cookie, _expire, _maxAge } = record
  const { expires, created, data } = isObject(cookie) ? cookie : {}
  const isPast = (moment: unknown) => typeof moment === 'number' && moment <= now()
  if (data !== true && Number.isFinite(_maxAge) && Number.isFinite(_expire) && isPast(_expire))
    return true
  if (isPast(_expire) || isPast(created) || typeof expires === 'number') return undefined
  return typeof expires === 'string' && !(Date.parse(expires) > now()) ? undefined : false
}
