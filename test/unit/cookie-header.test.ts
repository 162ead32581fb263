import { describe, expect, test } from 'vitest'
import { cookieValues, readCookie } from '../../src/cookie/header.js'
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

  test('mergeLines replaces earlier Set-Cookie lines of the same names', () => {
    expect(mergeLines(['sid=1; path=/', 'sidx=1', 'sid.sig=1'], ['sid=2', 'sid.sig=2'])).toEqual([
      'sidx=1',
      'sid=2',
      'sid.sig=2',
    ])
  })
})
