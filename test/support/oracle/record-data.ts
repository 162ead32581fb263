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

/** The data of a value as comparable text; undefined: it is no record, or none that can be written. */
export function dataIn(value: string | undefined): string | undefined {
  const record = parsed(value)
  if (!isObject(record)) return undefined
  const { cookie: _, ...data } = record
  const lifetime = lifetimeIn(record)
  if (lifetime === 'session') delete data._session
  if (lifetime === 'lasting') for (const name of ['_expire', '_maxAge']) delete data[name]
  return sorted(data)
}

/** What a record says about its lifetime with the keys of koa-session; undefined: they are data. */
function lifetimeIn({
  cookie,
  _expire,
  _maxAge,
  _session,
}: Data): 'session' | 'lasting' | undefined {
  const { data, own, path, httpOnly, originalMaxAge } = isObject(cookie) ? cookie : {}
  const isGeneric = typeof path === 'string' && typeof httpOnly === 'boolean' && own === undefined
  if (data === true || originalMaxAge !== undefined || isGeneric) return undefined
  if (_session === true) return 'session'
  return Number.isFinite(_expire) && Number.isFinite(_maxAge) ? 'lasting' : undefined
}

/** Whether a record says of itself that it ended; undefined: not known. */
export function isOver(value: string): boolean | undefined {
  const record = parsed(value)
  if (!isObject(record)) return false
  const { cookie, _expire } = record
  const { expires, created } = isObject(cookie) ? cookie : {}
  const isPast = (moment: unknown) => typeof moment === 'number' && moment <= now()
  if (lifetimeIn(record) === 'lasting' && isPast(_expire)) return true
  if (isPast(_expire) || isPast(created) || typeof expires === 'number') return undefined
  return typeof expires === 'string' && !(Date.parse(expires) > now()) ? undefined : false
}
