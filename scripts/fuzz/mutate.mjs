const LONGEST = 20_000

const TEXT = [
  (text, { random }) => cut(text, random, ''),
  (text, { random, tokens }) => put(text, random, random.pick(tokens)),
  (text, { random, tokens }) => cut(text, random, random.pick(tokens)),
  (text, { random }) => put(text, random, String.fromCharCode(random.below(256))),
  (text, { random }) => put(text, random, slice(text, random).repeat(1 + random.below(8))),
  (text, { random, corpus }) => put(text, random, slice(random.pick(corpus), random)),
  (text, { random, corpus }) =>
    text.slice(0, random.below(text.length)) + slice(random.pick(corpus), random),
]

/** Makes a few changes to an input: to its characters or, if it is JSON, to its parts. */
export function mutate(text, tools) {
  const { random } = tools
  let changed = text
  for (let left = 1 + random.below(4); left > 0; left--) {
    const json = random.below(2) ? mutateJson(changed, tools) : undefined
    changed = (json ?? random.pick(TEXT)(changed, tools)).slice(0, LONGEST)
  }
  return changed
}

function slice(text, random) {
  const from = random.below(text.length)
  return text.slice(from, from + 1 + random.below(random.below(4) ? 12 : 400))
}

function put(text, random, piece) {
  const at = random.below(text.length + 1)
  return text.slice(0, at) + piece + text.slice(at)
}

function cut(text, random, piece) {
  const at = random.below(text.length)
  return text.slice(0, at) + piece + text.slice(at + 1 + random.below(8))
}

function mutateJson(text, { random, corpus, tokens }) {
  const { before, value } = split(text)
  const holder = random.pick(holdersIn(value))
  if (!holder) return undefined
  const key = random.pick(Object.keys(holder))
  const other = holdersIn(split(random.pick(corpus)).value)
  const token = random.pick(tokens)
  const pool = [token, parse(token), holder[key], [holder[key]], random.pick(other)]
  const change = random.below(4)
  if (change === 0) delete holder[key]
  else define(holder, change === 1 ? random.pick(tokens) : key, random.pick(pool) ?? null)
  // A number that is too large for a double, which JSON.stringify never writes.
  return before + JSON.stringify(value).replaceAll(/"(-?\de\d{3})"/g, '$1')
}

// An input may start with letters that select an action, before its JSON.
function split(text) {
  const from = Math.max(0, text.search(/[[{]/))
  return { before: text.slice(0, from), value: parse(text.slice(from)) }
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Every non-empty object and array in a value, down to 30 levels. */
function holdersIn(value, depth = 0) {
  if (typeof value !== 'object' || value === null) return []
  const parts = depth > 30 ? [] : Object.values(value)
  return [value, ...parts.flatMap((part) => holdersIn(part, depth + 1))].filter(
    (holder) => Object.keys(holder).length > 0,
  )
}

// By defineProperty, as the name may be __proto__.
function define(holder, name, value) {
  Object.defineProperty(holder, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  })
}
