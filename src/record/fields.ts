/** The top-level keys of a JSON object, each with its value as JSON text. */
export type Fields = Map<string, string>

/** Fields, to look up. A `Fields` is one. */
export interface FieldLookup {
  get(key: string): string | undefined
  keys(): Iterable<string>
  /** The fields that these were compared with; undefined: none. */
  readonly base?: Fields
  /** The only keys that can differ from `base`; undefined: any. */
  readonly compared?: Iterable<string>
}

/** A key and its new value as JSON; undefined: the key is deleted. */
export interface FieldChange {
  key: string
  text: string | undefined
}

/** The value of a field; undefined: there is none. */
export function parseField(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text)
}

/**
 * Cuts the text of a JSON object into its top-level fields without parsing their values, in linear
 * time. The text has to be a valid JSON object. Of two fields with one key the last one counts, as
 * in `JSON.parse`.
 */
export function splitFields(json: string): Fields {
  const fields: Fields = new Map()
  let at = skipSpace(json, json.indexOf('{') + 1)
  while (json.charCodeAt(at) === QUOTE) {
    const endOfKey = endOfString(json, at)
    const start = skipSpace(json, json.indexOf(':', endOfKey) + 1)
    const end = endOfValue(json, start)
    fields.set(keyIn(json, at + 1, endOfKey - 1), valueIn(json, start, end))
    at = skipSpace(json, end + 1)
  }
  return fields
}

const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]
/** No character of JSON between its values is above it, and no other one below. */
const SPACE = 0x20

/** The keys whose texts differ, or that one of the two lacks. */
export function differingKeys(one: FieldLookup, other: FieldLookup): string[] {
  const keys = new Set([...one.keys(), ...other.keys()])
  return [...keys].filter((key) => one.get(key) !== other.get(key))
}

/** The JSON object that has these fields, in their order. */
export function joinFields(fields: Fields): string {
  const parts: string[] = []
  for (const [key, text] of fields) parts.push(`${JSON.stringify(key)}:${text}`)
  return `{${parts.join(',')}}`
}

/** Whether two fields hold the same value: equal texts, or texts that differ in their spelling alone. */
export function isSameJson(one: string | undefined, other: string | undefined): boolean {
  if (one === other) return true
  if (one === undefined || other === undefined) return false
  return canonical(one) === canonical(other)
}

/** Whether two sets of fields hold the same values under the same keys, in the same order. */
export function areSameFields(one: Fields, other: Fields): boolean {
  const [before, after] = [[...one], [...other]]
  return (
    before.length === after.length &&
    before.every(([key, text], index) => {
      const [otherKey, otherText] = after[index] ?? []
      return key === otherKey && isSameJson(text, otherText)
    })
  )
}

function canonical(json: string): string {
  return JSON.stringify(JSON.parse(json))
}

/** Only a key with an escape has to be parsed. */
function keyIn(json: string, start: number, end: number): string {
  const key = json.slice(start, end)
  return key.includes('\\') ? JSON.parse(`"${key}"`) : key
}

function valueIn(json: string, start: number, end: number): string {
  let last = end
  while (json.charCodeAt(last - 1) <= SPACE) last--
  return json.slice(start, last)
}

function skipSpace(json: string, from: number): number {
  let at = from
  while (json.charCodeAt(at) <= SPACE) at++
  return at
}

/** The position behind the closing quote of the string that begins at `from`. */
function endOfString(json: string, from: number): number {
  let at = json.indexOf('"', from + 1)
  while (isEscaped(json, at)) at = json.indexOf('"', at + 1)
  return at + 1
}

function isEscaped(json: string, at: number): boolean {
  let slashes = 0
  while (json.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++
  return slashes % 2 === 1
}

/** The position of the comma or brace behind the value that begins at `from`. */
function endOfValue(json: string, from: number): number {
  let depth = 0
  for (let at = from; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) at = endOfString(json, at) - 1
    else if (code === OPEN_OBJECT || code === OPEN_LIST) depth++
    else if (depth === 0 && (code === COMMA || code === CLOSE_OBJECT)) return at
    else if (code === CLOSE_OBJECT || code === CLOSE_LIST) depth--
  }
  return json.length
}
