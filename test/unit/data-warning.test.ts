import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { DataWarning } from '../../src/session/data-warning.js'

class User {
  name = 'ada'
}

function warningsOf(...sessions: object[]): unknown[] {
  const emit = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  emit.mockClear()
  const warning = new DataWarning()
  for (const session of sessions) warning.note(session)
  return emit.mock.calls.map(([message]) => message)
}

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

describe('a value that JSON does not give back is a warning', () => {
  test.each<[string, object, string]>([
    ['a Date', { at: new Date(0) }, 'a Date, which is read back as a text'],
    ['a nested Date', { a: [{ b: new Date(0) }] }, 'a Date, which is read back as a text'],
    ['a Map', { cart: new Map() }, 'a Map, which is read back as {}'],
    ['a Set', { tags: new Set() }, 'a Set, which is read back as {}'],
    ['an instance', { user: new User() }, 'an instance of a class, which is read back without'],
    ['a Buffer', { key: Buffer.alloc(2) }, 'an instance of a class, which is read back without'],
    ['a function', { save() {} }, 'a function, which is not stored'],
    ['a symbol', { kind: Symbol('x') }, 'a symbol, which is not stored'],
    ['NaN', { total: Number.NaN }, 'NaN, which is read back as null'],
    ['Infinity', { limit: Number.POSITIVE_INFINITY }, 'Infinity, which is read back as null'],
  ])('%s', (_, session, text) => {
    expect(warningsOf(session)).toEqual([expect.stringContaining(`A session holds ${text}`)])
  })
})

test('plain data is no warning', () => {
  const plain = { text: 'a', number: 1, flag: true, none: null, gone: undefined, list: [1, [2]] }
  const bare = Object.assign(Object.create(null), { a: 1 })
  const foreign = runInNewContext('({ a: { b: [1] } })')
  expect(warningsOf(plain, { plain, bare, foreign })).toEqual([])
})

test('it is said once, without data', () => {
  const session = { secret: new Date(0), card: new Map([['number', 4111]]) }
  const [message, ...more] = warningsOf(session, session)
  expect(message).not.toMatch(/secret|card|4111|1970/)
  expect(more).toEqual([])
})

test('the code is KOA_SESS_DATA', () => {
  const emit = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  new DataWarning().note({ at: new Date(0) })
  expect(emit).toHaveBeenCalledWith(expect.any(String), { code: 'KOA_SESS_DATA' })
})

test('in production nothing is looked at', () => {
  vi.stubEnv('NODE_ENV', 'production')
  const read = vi.fn(() => new Date(0))
  expect(warningsOf(Object.defineProperty({}, 'at', { enumerable: true, get: read }))).toEqual([])
  expect(read).not.toHaveBeenCalled()
})

test('only the first thousand writes are looked at, and a thousand values of each', () => {
  const many = Array.from({ length: 1000 }, () => ({ a: 1 }))
  expect(warningsOf(...many, { at: new Date(0) })).toEqual([])
  expect(warningsOf(...many.slice(1), { at: new Date(0) })).toHaveLength(1)
  expect(warningsOf({ at: new Date(0), list: Array.from({ length: 2000 }, () => 1) })).toEqual([])
})
