import { type FieldLookup, type Fields, splitFields } from './fields.js'

/** A text that was split already, and its fields. */
export interface SplitText {
  value: string
  fields: Fields
}

const CHUNK = 1024

/**
 * What `splitFields` returns, for a text that differs little from another one: a session of many
 * keys, of which a request changed one. Only the fields between the first and the last difference
 * are split.
 */
export function splitSimilar(json: string, { value, fields }: SplitText): FieldLookup {
  const prefix = commonPrefix(json, value)
  const suffix = commonSuffix(json, value, Math.min(json.length, value.length) - prefix)
  const range = fieldsBetween(fields, value, prefix, value.length - suffix)
  if (!range) return splitFields(json)
  const { keys, start, end } = range
  return new SimilarFields(
    fields,
    keys,
    splitFields(`{${json.slice(start, json.length - value.length + end)}}`),
  )
}

/** Fields of which some differ from known ones. */
class SimilarFields implements FieldLookup {
  readonly base: Fields
  readonly compared: ReadonlySet<string>
  readonly #changed: Fields

  /** `keys`: of the known fields that `changed` replaces. */
  constructor(fields: Fields, keys: readonly string[], changed: Fields) {
    this.base = fields
    this.#changed = changed
    this.compared = new Set([...keys, ...changed.keys()])
  }

  get(key: string): string | undefined {
    return (this.compared.has(key) ? this.#changed : this.base).get(key)
  }

  *keys(): Iterable<string> {
    for (const key of this.base.keys()) if (!this.compared.has(key)) yield key
    yield* this.#changed.keys()
  }
}

/**
 * The fields of a text that lie, in part or as a whole, between two positions. undefined: the text
 * is not spelled as `JSON.stringify` does, so that the positions of its fields are not known.
 */
function fieldsBetween(fields: Fields, value: string, from: number, to: number) {
  const keys: string[] = []
  let [start, end, at] = [value.length, 0, 1]
  for (const [key, text] of fields) {
    // The field, with two quotes and a colon, and the comma or brace behind it.
    const next = at + key.length + 3 + text.length + 1
    if (next > from && at <= to) {
      keys.push(key)
      start = Math.min(start, at)
      end = next - 1
    }
    at = next
  }
  return at === value.length && keys.length > 0 ? { keys, start, end } : undefined
}

/** How many characters two texts have in common at their start. */
function commonPrefix(one: string, other: string): number {
  const most = Math.min(one.length, other.length)
  return longest(most, (from, to) => one.startsWith(other.slice(from, to), from))
}

/** The same at their end, and no more than `most`. */
function commonSuffix(one: string, other: string, most: number): number {
  return longest(most, (from, to) =>
    one.endsWith(other.slice(other.length - to, other.length - from), one.length - from),
  )
}

/** How far two texts are equal, at most up to `most`. Each character is compared about once. */
function longest(most: number, isEqual: (from: number, to: number) => boolean): number {
  let at = 0
  for (let step = CHUNK; step >= 1; step /= 2)
    while (at + step <= most && isEqual(at, at + step)) at += step
  return at
}
