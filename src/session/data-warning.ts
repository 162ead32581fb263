import { types } from 'node:util'

/** How many writes are looked at: enough to pass each page of an app that is being developed. */
const WRITES = 1000
/** How many values of one session are looked at. */
const VALUES = 1000

/**
 * Warns once if a session holds what JSON does not give back: a Date, a Map, an instance of a class.
 * The next request would read something else. In production nothing is looked at.
 */
export class DataWarning {
  #writes: number | undefined

  /** `session` was stored. */
  note(session: object): void {
    this.#writes ??= process.env.NODE_ENV === 'production' ? 0 : WRITES
    if (this.#writes === 0) return
    this.#writes--
    const change = firstChange(Object.values(session))
    if (change === undefined) return
    this.#writes = 0
    process.emitWarning(
      `A session holds ${change}. Sessions are stored as JSON: keep texts, numbers, booleans, null, arrays and plain objects in them (docs/data.md).`,
      { code: 'KOA_SESS_DATA' },
    )
  }
}

/** What JSON makes of the first value that it does not give back; undefined: it gives back all of them. */
function firstChange(values: readonly unknown[]): string | undefined {
  const pending = [...values]
  for (let seen = 0; seen < VALUES && pending.length > 0; seen++) {
    const value = pending.pop()
    const change = changeOf(value)
    if (change) return change
    if (typeof value === 'object' && value !== null)
      pending.push(...Object.values(value).slice(0, VALUES))
  }
  return undefined
}

function changeOf(value: unknown): string | undefined {
  if (typeof value === 'number' && !Number.isFinite(value))
    return `${value}, which is read back as null`
  if (typeof value === 'function' || typeof value === 'symbol')
    return `a ${typeof value}, which is not stored`
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  if (types.isDate(value)) return 'a Date, which is read back as a text'
  if (types.isMap(value)) return 'a Map, which is read back as {}'
  if (types.isSet(value)) return 'a Set, which is read back as {}'
  return isPlain(value)
    ? undefined
    : 'an instance of a class, which is read back without its methods'
}

/** Also where another realm made the object. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
