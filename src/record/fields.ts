/** The top-level keys of a JSON object, each with its value as JSON text. */
export type Fields = Map<string, string>

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
  while (json[at] === '"') {
    const endOfKey = endOfString(json, at)
    const key: string = JSON.parse(json.slice(at, endOfKey))
    const start = skipSpace(json, json.indexOf(':', endOfKey) + 1)
    const end = endOfValue(json, start)
    fields.set(key, json.slice(start, end).trimEnd())
    at = skipSpace(json, end + 1)
  }
  return fields
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

function canonical(json: string): string {
  return JSON.stringify(JSON.parse(json))
}

function skipSpace(json: string, from: number): number {
  let at = from
  while (json[at] === ' ' || json[at] === '\n' || json[at] === '\r' || json[at] === '\t') at++
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
  while (json[at - 1 - slashes] === '\\') slashes++
  return slashes % 2 === 1
}

/** The position of the comma or brace behind the value that begins at `from`. */
function endOfValue(json: string, from: number): number {
  let depth = 0
  for (let at = from; at < json.length; at++) {
    const char = json[at]
    if (char === '"') at = endOfString(json, at) - 1
    else if (char === '{' || char === '[') depth++
    else if (depth === 0 && (char === ',' || char === '}')) return at
    else if (char === '}' || char === ']') depth--
  }
  return json.length
}
