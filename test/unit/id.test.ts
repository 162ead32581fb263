import { describe, expect, test } from 'vitest'
import { assertId, fixedId, generateId, isId } from '../../src/session/id.js'

describe('session ids', () => {
  test('are 24 random bytes in 32 base64url characters, and do not repeat', () => {
    const ids = new Set(Array.from({ length: 1000 }, generateId))
    expect(ids.size).toBe(1000)
    for (const id of ids) expect(id).toMatch(/^[\w-]{32}$/)
    expect(Buffer.from([...ids][0] ?? '', 'base64url')).toHaveLength(24)
  })

  test.each([
    '0123456789abcdef',
    '4c2f3c1e-aaaa-4bbb-8ccc-0123456789ab',
    'app:0123456789abcdef',
    '{app}|0123456789!%',
    'x'.repeat(256),
  ])('%s is accepted', (id) => expect(isId(id)).toBe(true))

  test.each([
    '',
    '1',
    '../../x',
    '*',
    'a\0bcdefghijklmnop',
    'a b c d e f g h i j',
    '0123456789abcde',
    'x'.repeat(257),
    '.'.repeat(20),
    'abcdefgh..ijklmnop',
    'abcdefghijklmnop\n',
    'ünïcödé-ünïcödé-ü',
    7,
    null,
    undefined,
    {},
  ])('%j is refused', (id) => {
    expect(isId(id)).toBe(false)
    expect(() => assertId(id)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_ID' }))
  })

  test('that are accepted pass the assertion', () => {
    expect(() => assertId('0123456789abcdef')).not.toThrow()
  })

  test('have errors that say what to return, and what to call', () => {
    expect(() => assertId('short')).toThrow('genSid must return 16 to 256 characters')
    expect(fixedId()).toMatchObject({
      code: 'ERR_SESSION_ID',
      message: expect.stringContaining('call regenerateSession()'),
    })
  })
})
