import type ts from 'typescript'
import type { Source } from './source.js'

/** A first key of `app.keys` of at most so many bytes is refused. */
const MAX_REFUSED_BYTES = 8

const EVENTS = ['session:missed', 'session:expired', 'session:invalid']

/** Notes what works, and means something else here. */
export function noteHabits(source: Source, name: string): void {
  const { ts } = source
  source.visit((node) => {
    if (ts.isBinaryExpression(node)) noteShortKeys(source, node)
    const isEvent = ts.isStringLiteralLike(node) && EVENTS.includes(node.text)
    if (isEvent && name === 'koa-session')
      source.note(node, `${node.text}: key is the name of the cookie here, and there is no value`)
  })
}

function noteShortKeys(source: Source, { left, right }: ts.BinaryExpression): void {
  const { ts } = source
  if (!ts.isPropertyAccessExpression(left) || left.name.text !== 'keys') return
  if (!ts.isArrayLiteralExpression(right)) return
  const [first] = right.elements
  if (!first || !ts.isStringLiteralLike(first)) return
  if (Buffer.byteLength(first.text) > MAX_REFUSED_BYTES) return
  source.note(first, 'this key is too short: put a long random one in front of it, and keep it')
}
