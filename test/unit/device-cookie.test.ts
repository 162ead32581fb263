import { describe, expect, it } from 'vitest'
import { BoundCookie } from '../../src/device-bound/bound-cookie.js'
import { Challenges } from '../../src/device-bound/challenge.js'
import { KeySource, PurposeKeys } from '../../src/device-bound/purpose-keys.js'

const SECRET = 'a secret of the unit tests'
const keys = new PurposeKeys([SECRET])
let time = 1_800_000_000_000
const now = () => time

const cookie = (maxAge = 600_000, by = keys) =>
  new BoundCookie({ sessionKey: 'koa.sid', maxAge, now }, by)
const pairOf = (line: string) => line.split(';', 1)[0] ?? ''

describe('the bound cookie', () => {
  it('proves its binding until its end', () => {
    const header = `a=1; ${pairOf(cookie().line('one binding', {}))}; b=2`
    expect(cookie().read(header, 'one binding')).toBe('proved')
    expect(cookie().read(header, 'another binding')).toBe('forged')
    time += 599_999
    expect(cookie().read(header, 'one binding')).toBe('proved')
    time += 1
    expect(cookie().read(header, 'one binding')).toBe('outdated')
  })

  it('cannot be given a later end', () => {
    const pair = pairOf(cookie().line('one binding', {}))
    const later = pair.replace(/=\d+/, (end) => `=${Number(end.slice(1)) + 1}`)
    expect(cookie().read(later, 'one binding')).toBe('forged')
  })

  it('ends a little earlier in the browser than at the server', () => {
    expect(cookie(600_000).line('b', {})).toMatch(/; Max-Age=590$/)
    expect(cookie(10_000).line('b', {})).toMatch(/; Max-Age=9$/)
    expect(cookie(2000).line('b', {})).toMatch(/; Max-Age=1$/)
  })

  it('is read among others of its name', () => {
    const pair = pairOf(cookie().line('one binding', {}))
    const name = pair.slice(0, pair.indexOf('='))
    expect(cookie().read(`${name}=forged; ${pair}`, 'one binding')).toBe('proved')
    expect(cookie().read(`${name}=; ${name}=1`, 'one binding')).toBe('forged')
    expect(cookie().read(undefined, 'one binding')).toBe('unproved')
    expect(cookie().read('x=1', 'one binding')).toBe('unproved')
  })

  it.each([
    [undefined, 'Lax'],
    [false, 'Lax'],
    ['lax', 'Lax'],
    ['strict', 'Strict'],
    [true, 'Strict'],
    ['none', 'None'],
  ] as const)('is sent wherever a session cookie with SameSite %s is', (sameSite, expected) => {
    expect(cookie().attributes({ sameSite })).toBe(`Path=/; Secure; HttpOnly; SameSite=${expected}`)
  })

  it.each([
    ['koa.sid', '__Host-koa.sid.device'],
    ['__Host-sid', '__Host-sid.device'],
    ['__Secure-sid', '__Host-sid.device'],
  ])('of %s is %s', (sessionKey, name) => {
    expect(new BoundCookie({ sessionKey, maxAge: 2000, now }, keys).name).toBe(name)
  })
})

describe('a challenge', () => {
  const challenges = new Challenges(keys, now)

  it('stays the same for ten minutes, and is accepted for ten more', () => {
    time = 600_000 * 3_000_000
    const challenge = challenges.make('refresh challenge', 'id')
    const isFresh = () => challenges.isFresh('refresh challenge', 'id', challenge)
    time += 599_999
    expect(challenges.make('refresh challenge', 'id')).toBe(challenge)
    time += 1
    expect(challenges.make('refresh challenge', 'id')).not.toBe(challenge)
    expect(isFresh()).toBe(true)
    time += 599_999
    expect(isFresh()).toBe(true)
    time += 1
    expect(isFresh()).toBe(false)
  })

  it('of a server whose clock is ahead is accepted, but not one of a later stretch', () => {
    time = 600_000 * 3_000_000
    const challenge = challenges.make('refresh challenge', 'id')
    const isFresh = () => challenges.isFresh('refresh challenge', 'id', challenge)
    time -= 600_000
    expect(isFresh()).toBe(true)
    time -= 1
    expect(isFresh()).toBe(false)
  })

  it('is for one id and one purpose', () => {
    const challenge = challenges.make('refresh challenge', 'id')
    expect(challenges.isFresh('refresh challenge', 'other', challenge)).toBe(false)
    expect(challenges.isFresh('registration challenge', 'id', challenge)).toBe(false)
  })

  it.each([
    '',
    '.',
    '1',
    'x.y',
    `${'9'.repeat(400)}.x`,
    `-1.${'A'.repeat(43)}`,
  ])('is not %j', (challenge) => {
    expect(challenges.isFresh('refresh challenge', 'id', challenge)).toBe(false)
  })
})

describe('keys', () => {
  it('differ for each purpose, and are not the secret', () => {
    const macs = (['bound cookie', 'registration challenge', 'refresh challenge'] as const).map(
      (purpose) => keys.sign(purpose, 'text'),
    )
    expect(new Set(macs).size).toBe(3)
    // HMAC-SHA256 under HKDF-SHA256 of the secret; the values must not change, or cookies end.
    expect(macs).toMatchInlineSnapshot(`
      [
        "2v_nju7oZlq9PWLaRPxZQo6gYv6NksphLkqxtzn94R8",
        "Dvp4HVVptAeZIzsQB5wBOWMxK35LYQJMDnaDeSNDPIo",
        "fO3jnWJ4xnCEiuV0VcpEdevo-aAb9BoCZwHzeQREZWA",
      ]
    `)
  })

  it('of older secrets are accepted, and the first one signs', () => {
    const old = keys.sign('bound cookie', 'text')
    const both = new PurposeKeys(['a newer secret of the tests', SECRET])
    expect(both.verify('bound cookie', 'text', old)).toBe(true)
    expect(both.sign('bound cookie', 'text')).not.toBe(old)
    expect(
      new PurposeKeys(['a newer secret of the tests']).verify('bound cookie', 'text', old),
    ).toBe(false)
  })

  it('follow app.keys, replaced in place or as a whole', () => {
    const source = new KeySource(undefined)
    const appKeys = [SECRET]
    const first = source.get(appKeys)
    expect(source.get([SECRET])).toBe(first)
    appKeys.unshift('a newer secret of the tests')
    expect(source.get(appKeys)).not.toBe(first)
  })

  it('of the options are independent of app.keys', () => {
    const source = new KeySource([SECRET])
    expect(source.get(undefined)).toBe(source.get('anything'))
  })
})
