import { describe, expect, test } from 'vitest'
import { cookieValues, readCookie, readCookies } from '../../src/cookie/header.js'
import { mergeLines } from '../../src/cookie/set-cookie.js'
import { SignerCache } from '../../src/cookie/signature.js'
import { isId } from '../../src/session/id.js'

const SHA1 = { digest: 'sha1' as const, sha1Until: Number.POSITIVE_INFINITY, now: Date.now }

describe('the Cookie header', () => {
  test.each<[string, string[]]>([
    ['sid=a', ['a']],
    ['x=1; sid=a; y=2', ['a']],
    ['x=1;\t sid=a;sid=b', ['a', 'b']],
    ['xsid=a; si=d; sid', []],
    ['x="sid=a"; \u00a0sid=b', []],
    ['SID=a; __Host-sid=b', []],
    [' sid=a', ['a']],
    ['\t \tsid=a', ['a']],
    ['x=sid=a', []],
    ['sid=', ['']],
    ['sid=a=b', ['a=b']],
    ['sid="a"; x=1', ['a']],
    ['$Version=1; sid="a"; $Path="/"; sid="b" ', ['a', 'b']],
    ['sid="a; sid=b"', ['"a', 'b"']],
    ['sid=""; sid="a"b"', ['', '"a"b"']],
    [Array.from({ length: 500 }, () => 'sid=a').join('; '), ['a', 'a', 'a', 'a']],
  ])('cookieValues reads %s', (header, values) =>
    expect(cookieValues(header, 'sid')).toEqual(values))

  test('readCookie returns the first cookie whose signature verifies', () => {
    const signer = new SignerCache(SHA1).get(['a good secret'])
    const sign = (id: string) => `sid.sig=${signer.sign(`sid=${id}`)}`
    const header = `sid=forged-0123456789; sid=second-0123456789; sid=third-01234567890; ${sign('third-01234567890')}; ${sign('second-0123456789')}`
    expect(readCookie(header, 'sid', signer, isId)).toEqual({
      kind: 'id',
      id: 'second-0123456789',
      stale: false,
    })
    expect(readCookie('sid=forged-0123456789; sid.sig=x', 'sid', signer, isId)).toEqual({
      kind: 'refused',
      why: 'signature',
    })
  })

  test('cookieValues ignores what comes after 65,536 characters', () => {
    const upTo = (length: number) => `x=${'x'.repeat(length - 2)};sid=a`
    expect(cookieValues(upTo(65_536 - 6), 'sid')).toEqual(['a'])
    expect(cookieValues(upTo(65_536 - 5), 'sid')).toEqual([''])
    expect(cookieValues(upTo(65_536), 'sid')).toEqual([])
  })

  test('readCookie says why it refuses a cookie', () => {
    expect(readCookie(undefined, 'sid', undefined, isId)).toBe(undefined)
    expect(readCookie('x=1', 'sid', undefined, isId)).toBe(undefined)
    const shape = { kind: 'refused', why: 'shape' }
    expect(readCookie('sid=short', 'sid', undefined, isId)).toEqual(shape)
    expect(readCookie('sid=short; sid=brief', 'sid', undefined, isId)).toEqual(shape)
  })

  test('readCookie takes an unsigned cookie as it is, and leaves out what is no id', () => {
    const header = 'sid=short; sid=first-0123456789a'
    expect(readCookie(header, 'sid', undefined, isId)).toEqual({
      kind: 'id',
      id: 'first-0123456789a',
      stale: false,
    })
    expect(readCookies(header, 'sid', undefined, isId)).toHaveLength(1)
  })

  test('readCookie returns the signature that the current key made, where there is one', () => {
    const [older, current] = ['an older secret!', 'a good secret!!!']
    const signer = new SignerCache(SHA1).get([current, older])
    const id = 'first-0123456789a'
    const cookie = (key: string) => {
      const signature = new SignerCache(SHA1).get([key]).sign(`sid=${id}`)
      return { signature, header: `sid=${id}; sid.sig=${signature}` }
    }
    const now = cookie(current)
    const stale = readCookie(cookie(older).header, 'sid', signer, isId)
    expect(readCookie(now.header, 'sid', signer, isId)).toEqual({
      kind: 'id',
      id,
      stale: false,
      signature: now.signature,
    })
    expect(stale).toEqual({ kind: 'id', id, stale: true, signature: undefined })
  })

  test('readCookies returns all that verify, or those behind one of them', () => {
    const signer = new SignerCache(SHA1).get(['a good secret'])
    const pair = (id: string) => `sid=${id}; sid.sig=${signer.sign(`sid=${id}`)}`
    const header = `${pair('first-0123456789a')}; sid=forged-0123456789; ${pair('second-0123456789')}`
    const ids = (it: typeof signer | undefined, behind?: string) =>
      readCookies(header, 'sid', it, isId, behind)?.map(({ id }) => id)
    expect(ids(signer)).toEqual(['first-0123456789a', 'second-0123456789'])
    expect(ids(undefined)).toEqual(['first-0123456789a', 'forged-0123456789', 'second-0123456789'])
    expect(ids(signer, 'first-0123456789a')).toEqual(['second-0123456789'])
    expect(ids(signer, 'second-0123456789')).toEqual([])
    expect(ids(signer, 'another-0123456789')).toBe(undefined)
  })

  test('mergeLines replaces earlier Set-Cookie lines of the same names', () => {
    expect(mergeLines(['sid=1; path=/', 'sidx=1', 'sid.sig=1'], ['sid=2', 'sid.sig=2'])).toEqual([
      'sidx=1',
      'sid=2',
      'sid.sig=2',
    ])
  })
})
