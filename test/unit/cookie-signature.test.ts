import Keygrip from 'keygrip'
import { describe, expect, test } from 'vitest'
import { SignerCache } from '../../src/cookie/signature.js'

const SHA1 = { digest: 'sha1' as const, sha1Until: Number.POSITIVE_INFINITY, now: Date.now }

describe('signatures', () => {
  const keygrip = new Keygrip(['the new one', 'the old one'])

  test('equal those of Keygrip, and index returns the key that made them', () => {
    const signer = new SignerCache(SHA1).get(['the new one', 'the old one'])
    for (const data of ['sid=0123456789abcdef', 'koa.sid=~~~???', 'ü=ß']) {
      expect(signer.sign(data)).toBe(keygrip.sign(data))
      expect(signer.index(data, [keygrip.sign(data)])).toBe(0)
      expect(signer.index(data, ['x', new Keygrip(['the old one']).sign(data)])).toBe(1)
      expect(
        signer.index(data, [new Keygrip(['other']).sign(data), '', keygrip.sign(data).slice(1)]),
      ).toBe(undefined)
    }
  })

  test('keys may be a Keygrip or any object with sign, with or without verify', () => {
    const data = 'sid=0123456789abcdef'
    const signature = keygrip.sign(data)
    const only = { sign: (text: string) => keygrip.sign(text) }
    const verifies = {
      ...only,
      verify: (text: string, given: string) => keygrip.verify(text, given),
    }
    for (const keys of [keygrip, only, verifies]) {
      const signer = new SignerCache(SHA1).get(keys)
      expect(signer.sign(data)).toBe(signature)
      expect(signer.index(data, ['x', signature])).toBe(0)
      expect(signer.index(data, ['x'])).toBe(undefined)
    }
  })

  test('change when the keys array is changed in place or replaced', () => {
    const cache = new SignerCache(SHA1)
    const keys = ['number one']
    const before = cache.get(keys).sign('x')
    expect(cache.get(keys)).toBe(cache.get(keys))
    keys.unshift('number two')
    expect(cache.get(keys).sign('x')).not.toBe(before)
    expect(cache.get(['number one']).sign('x')).toBe(before)
  })

  test.each([
    undefined,
    null,
    [],
    [''],
    ['good', ''],
    'text',
    {},
  ])('%j is refused as keys', (keys) => {
    expect(() => new SignerCache(SHA1).get(keys)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_KEYS' }),
    )
  })
})
