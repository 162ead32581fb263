import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { SignerCache } from '../../src/cookie/signature.js'
import { RecentCache } from '../../src/util/recent-cache.js'
import { cutOut, heldBytes } from '../support/heap.js'

const KEYS = ['the key in use by now', 'the key before that']
const hmac = (digest: string, key: string, data: string) =>
  createHmac(digest, key).update(data).digest('base64url')

describe('what was used last', () => {
  test('is kept, and never more than twice as much as asked for', () => {
    const recent = new RecentCache(10)
    for (let count = 0; count < 1000; count++) {
      recent.set(`text ${count}`, 'x')
      expect(recent.get('text 0')).toBe('x')
    }
    const texts = Array.from({ length: 1000 }, (_, at) => `text ${at}`)
    const kept = texts.filter((text) => recent.get(text) !== undefined)
    expect(kept.length).toBeLessThanOrEqual(20)
    expect(kept).toContain('text 999')
  })

  test('what is new is taken in at once while there is room, and soon when there is none', () => {
    const recent = new RecentCache(10)
    for (let count = 0; count < 10; count++) {
      recent.offer(`text ${count}`, 'x')
      expect(recent.get(`text ${count}`)).toBe('x')
    }
    let taken = 0
    for (let count = 0; count < 800; count++) {
      recent.offer(`late ${count}`, 'x')
      if (recent.get(`late ${count}`) !== undefined) taken++
    }
    expect(taken).toBe(100)
    for (let count = 0; count < 8; count++) recent.offer('often', 'x')
    expect(recent.get('often')).toBe('x')
  })

  test('does not keep alive what a text was cut out of', () => {
    const recent = new RecentCache(1000)
    const texts = Array.from({ length: 1000 }, (_, at) => `text ${at}`.padEnd(32, '-'))
    for (const text of texts) recent.set(text, 'x')
    const before = heldBytes()
    for (const text of texts.slice(1)) expect(recent.get(cutOut(text))).toBe('x')
    expect(heldBytes() - before).toBeLessThan(4_000_000)
  })
})

describe('signatures that were verified', () => {
  const signing = { digest: 'sha1' as const, sha1Until: Number.POSITIVE_INFINITY, now: Date.now }
  const data = 'sid=0123456789abcdef'

  test('are known for their own data alone', () => {
    const signer = new SignerCache(signing).get(KEYS)
    const signature = signer.sign(data)
    for (let count = 0; count < 2; count++) {
      expect(signer.index(data, [signature])).toBe(0)
      expect(signer.index(`${data}x`, [signature])).toBe(undefined)
      expect(signer.index(data, [signature.slice(1)])).toBe(undefined)
      // The two are put together to look them up.
      expect(signer.index(data + signature.slice(0, 1), [signature.slice(1)])).toBe(undefined)
      expect(signer.index(data.slice(0, -1), [data.slice(-1) + signature])).toBe(undefined)
    }
  })

  test('what an older key signed is due to be signed anew, each time', () => {
    const signer = new SignerCache(signing).get(KEYS)
    const older = hmac('sha1', KEYS[1] ?? '', data)
    expect([signer.index(data, [older]), signer.index(data, [older])]).toEqual([1, 1])
  })

  test('a key that goes takes what it verified along', () => {
    const cache = new SignerCache(signing)
    const keys = [...KEYS]
    const signature = cache.get(keys).sign(data)
    keys[0] = 'another key altogether'
    expect(cache.get(keys).index(data, [signature])).toBe(undefined)
  })

  test('SHA-1 is not accepted any longer than it may be', () => {
    let time = 0
    const until = { digest: 'sha256' as const, sha1Until: 10, now: () => time }
    const signer = new SignerCache(until).get(KEYS)
    const older = hmac('sha1', KEYS[0] ?? '', data)
    expect(signer.index(data, [older])).toBe(2)
    time = 10
    expect(signer.index(data, [older])).toBe(undefined)
  })
})
