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
