import { createHmac } from 'node:crypto'
import { expect, it, test } from 'vitest'
import { type ExpressCookieOptions, expressCookie } from '../../src/adapters.js'

const SID = 'abcdefghijklmnopqrstuvwxyz012345'
const SECRET = 'the secret of express-session'
const OLD = 'an older secret of express-session'

/** The context of a request that presents these cookies, and the Set-Cookie lines of its answer. */
function contextWith(cookie?: string, secure = false) {
  let lines: string[] = []
  return {
    secure,
    req: { headers: { cookie } },
    res: { getHeader: () => (lines.length > 0 ? lines : undefined) },
    set(_name: string, value: string[]) {
      lines = value
    },
    lines: () => lines,
  }
}

function signed(sid: string, secret: string): string {
  const mac = createHmac('sha256', secret).update(sid).digest('base64').replace(/=+$/, '')
  return encodeURIComponent(`s:${sid}.${mac}`)
}

const read = (cookie: string, options: ExpressCookieOptions = { secret: SECRET }) =>
  expressCookie(options).get.call(contextWith(cookie))

test('it reads what express-session signed, with any of the secrets', () => {
  expect(read(`connect.sid=${signed(SID, SECRET)}`)).toBe(SID)
  expect(read(`connect.sid=${signed(SID, OLD)}`, { secret: [SECRET, OLD] })).toBe(SID)
  expect(read(`other=1; sid=${signed(SID, SECRET)}`, { secret: SECRET, name: 'sid' })).toBe(SID)
})

it.each([
  '',
  'connect.sid=',
  'connect.sid=%',
  'connect.sid=%E0%A4%A',
  'connect.sid=s%3A',
  'connect.sid=s%3A.',
  `connect.sid=${SID}`,
  `connect.sid=s%3A${SID}`,
  `connect.sid=s%3A${SID}.`,
  `connect.sid=s%3A${SID}.forged`,
  `connect.sid=${signed(SID, OLD)}`,
  `connect.sid=${signed(SID, SECRET).replace('abc', 'abd')}`,
  `sid=${signed(SID, SECRET)}`,
])('it finds no id in %j', (cookie) => {
  expect(read(cookie)).toBe(undefined)
})

test('a forged cookie does not hide a valid one of the same name', () => {
  expect(read(`connect.sid=%; connect.sid=${signed(SID, SECRET)}`)).toBe(SID)
})

test('it sends the id signed with the first secret, with the lifetime of the session', () => {
  const ctx = contextWith()
  const ids = expressCookie({ secret: [SECRET, OLD], cookie: { domain: 'a.example', maxAge: 1 } })
  ids.set.call(ctx, SID, { cookie: { maxAge: null } })
  const value = `connect.sid=${signed(SID, SECRET)}`
  const attributes = '; path=/; domain=a.example; samesite=lax; httponly'
  expect(ctx.lines()).toEqual([value + attributes])
  ids.set.call(ctx, SID, { cookie: { expires: new Date('2100-01-01') } })
  expect(ctx.lines()).toEqual([expect.stringContaining('; expires=')])
  expect(read(ctx.lines()[0] ?? '')).toBe(SID)
})

test('its cookie is Secure on a secure connection, and leaves others alone', () => {
  const ctx = contextWith(undefined, true)
  ctx.set('Set-Cookie', ['theme=dark'])
  expressCookie({ secret: SECRET }).set.call(ctx, SID, { cookie: {} })
  expect(ctx.lines()).toEqual(['theme=dark', expect.stringMatching(/; secure; httponly$/)])
})

test('it clears the cookie with the attributes that it was sent with', () => {
  const ctx = contextWith()
  expressCookie({ secret: SECRET, cookie: { path: '/app', domain: 'a.example' } }).reset.call(ctx)
  expect(ctx.lines()).toEqual([
    'connect.sid=; path=/app; expires=Thu, 01 Jan 1970 00:00:00 GMT; domain=a.example; samesite=lax; httponly',
  ])
})

it.each<[object, RegExp]>([
  [{}, /needs the option secret/],
  [{ secret: '' }, /needs the option secret/],
  [{ secret: [] }, /needs the option secret/],
  [{ secret: [SECRET, ''] }, /needs the option secret/],
  [{ secret: SECRET, name: 'a b' }, /options\.name must be the name of a cookie/],
  [{ secret: SECRET, key: 'sid' }, /no option "key"/],
  [{ secret: SECRET, cookie: { sameSite: 'no' } }, /cookie\.sameSite must be/],
])('%j is refused', (options, message) => {
  expect(() => Reflect.apply(expressCookie, undefined, [options])).toThrow(message)
})
