import { describe, expect, test } from 'vitest'
import type { CookieOptions } from '../../src/cookie/attributes.js'
import { CookiePolicy } from '../../src/cookie/policy.js'
import { RecordFormat } from '../../src/record/format.js'
import { LoadedRecord } from '../../src/record/records.js'
import { DETACHED } from '../../src/session/detached.js'
import { Lifetime, type LifetimeOptions } from '../../src/session/lifetime.js'
import { Session } from '../../src/session/session.js'

const NOW = 1000
const DAY = 86_400_000

function setUp(options: Partial<LifetimeOptions<Session>> = {}, cookie: CookieOptions = {}) {
  const policy = new CookiePolicy('koa.sid', cookie, NOW)
  const format = new RecordFormat(policy)
  const lifetime = new Lifetime<Session>(
    {
      ttl: undefined,
      absoluteTimeout: undefined,
      rolling: false,
      renew: undefined,
      cookie: policy.defaults,
      now: () => NOW,
      ...options,
    },
    Session,
  )
  const session = (stored?: unknown) => new Session(DETACHED, format, {}, stored)
  const record = (value: string) => new LoadedRecord(format, 'id', 'key', value, value)
  return { lifetime, session, record }
}

describe('the lifetime of a session', () => {
  test('is ttl, then the end of the cookie, then its maxAge, then one day', () => {
    const both = { maxAge: 5, expires: new Date(1300) }
    const left = (options: Partial<LifetimeOptions<Session>>, cookie: CookieOptions) => {
      const { lifetime, session } = setUp(options, cookie)
      return lifetime.left(session())
    }
    expect(left({ ttl: 7 }, both)).toBe(7)
    expect(left({ ttl: () => 8 }, both)).toBe(8)
    expect(left({ ttl: () => null }, both)).toBe(300)
    expect(left({}, both)).toBe(300)
    expect(left({}, { maxAge: 5 })).toBe(5)
    expect(left({}, {})).toBe(DAY)
    expect(() => left({ ttl: () => -5 }, both)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_DURATION' }),
    )
  })

  test('is a number of ttl, or the longer life of one user; a fixed end counts in any case', () => {
    const left = (ttl: LifetimeOptions<Session>['ttl'], cookie: CookieOptions, stored?: object) => {
      const { lifetime, session } = setUp({ ttl }, cookie)
      return lifetime.left(session(stored))
    }
    const own = (attributes: object) => ({ ...attributes, own: Object.keys(attributes) })
    const end = (ms: number) => new Date(NOW + ms).toJSON()
    expect(left(50, {}, own({ maxAge: 80 }))).toBe(80)
    expect(left(50, {}, own({ maxAge: 20 }))).toBe(50)
    expect(left(50, { maxAge: 80 })).toBe(50)
    // The options of another package, in its record and as this package keeps it.
    expect(left(50, {}, { maxAge: 80, path: '/', httpOnly: true })).toBe(50)
    expect(left(50, {}, { maxAge: 80, own: ['maxAge'], base: 80 })).toBe(50)
    expect(left(() => 50, {}, own({ maxAge: 80 }))).toBe(50)
    expect(left(50, {}, own({ expires: end(90) }))).toBe(90)
    expect(left(50, {}, own({ expires: end(20) }))).toBe(20)
    expect(left(() => 50, {}, own({ expires: end(20) }))).toBe(20)
    expect(left(50, { expires: new Date(NOW + 20) })).toBe(20)
    expect(left(50, { expires: new Date(NOW + 90) })).toBe(50)
    expect(left(50, { expires: new Date(NOW + 60) }, own({ maxAge: 80 }))).toBe(50)
  })

  test('is at most what is left of the absolute timeout', () => {
    const { lifetime, session } = setUp({ ttl: 500, absoluteTimeout: 300 })
    expect(lifetime.left(session({ created: 900 }))).toBe(200)
    expect(lifetime.left(session())).toBe(300)
    expect(lifetime.deadline(session({ created: 900 }))).toBe(1200)
    expect(lifetime.absoluteEnd(session({ created: 900 }))).toBe(1200)
  })

  test.each<[string, boolean]>([
    ['{"a":1,"cookie":{"own":[],"created":700}}', true],
    ['{"a":1,"cookie":{"own":[],"created":701}}', false],
    ['{"a":1,"_expire":1000,"_maxAge":5}', true],
    ['{"a":1,"_expire":1001,"_maxAge":5}', false],
    ['{"a":1,"cookie":{"expires":"1970-01-01T00:00:01.000Z"}}', true],
    ['{"a":1,"cookie":{"expires":"1970-01-01T00:00:01.001Z"}}', false],
    ['{"a":"\\"_expire\\"","cookie":{"own":[]}}', false],
    ['not a record', false],
  ])('a record says itself that it is over: %s', (value, isOver) => {
    const { lifetime, record } = setUp({ absoluteTimeout: 300 })
    expect(lifetime.isOver(record(value))).toBe(isOver)
  })

  test('a read extends it in the same call where the idle timeout is one number', () => {
    const extend = (options: Partial<LifetimeOptions<Session>>, cookie: CookieOptions = {}) =>
      setUp({ rolling: true, ...options }, cookie).lifetime.extendOnRead
    expect(extend({})).toBe(DAY)
    expect(extend({ ttl: 7 })).toBe(7)
    expect(extend({}, { maxAge: 5 })).toBe(5)
    expect(extend({ ttl: () => 7 })).toBe(undefined)
    expect(extend({}, { expires: new Date(5000) })).toBe(undefined)
    expect(extend({ ttl: 7 }, { expires: new Date(5000) })).toBe(undefined)
    expect(extend({ renew: 5 })).toBe(undefined)
    expect(extend({ rolling: false })).toBe(undefined)
  })

  test('renew extends it when less than that is left, and when that moves its end', () => {
    const isRenewable = (renew: number, until: number | undefined) => {
      const { lifetime, session } = setUp({ ttl: 100, renew })
      return lifetime.isRenewable(session(), until)
    }
    expect(isRenewable(40, 1039)).toBe(true)
    expect(isRenewable(40, 1040)).toBe(false)
    expect(isRenewable(0.4, 1039)).toBe(true)
    expect(isRenewable(0.4, 1040)).toBe(false)
    expect(isRenewable(40, undefined)).toBe(true)
    expect(isRenewable(200, 1100)).toBe(false)
  })

  test('renew counts with the end of the cookie, where that is sooner', () => {
    const { lifetime, session } = setUp({ ttl: 100, renew: 1 }, { maxAge: 50 })
    expect(lifetime.isRenewable(session(), 1001)).toBe(false)
    expect(lifetime.isRenewable(session(), 1000)).toBe(true)
    const half = setUp({ ttl: 100, renew: 0.5 }, { maxAge: 50 })
    expect(half.lifetime.isRenewable(half.session(), 1024)).toBe(true)
    expect(half.lifetime.isRenewable(half.session(), 1025)).toBe(false)
    // A session that cannot end later is not extended.
    const fixed = setUp({ ttl: 100, renew: 200 }, { expires: new Date(NOW + 50) })
    expect(fixed.lifetime.isRenewable(fixed.session(), 1050)).toBe(false)
    expect(fixed.lifetime.isRenewable(fixed.session(), 1049)).toBe(true)
    expect(setUp().lifetime.isRenewable(setUp().session(), undefined)).toBe(false)
  })

  test('a record is over by its cookie, or else by the fixed end of the options', () => {
    const over = (value: string, options: Partial<LifetimeOptions<Session>>, cookie = {}) => {
      const { lifetime, record } = setUp(options, cookie)
      return lifetime.isOver(record(value))
    }
    const begun = '{"a":1,"cookie":{"own":[],"created":700}}'
    expect(over(begun, {})).toBe(false)
    expect(over('{"a":1}', { absoluteTimeout: 300 })).toBe(false)
    expect(over('{"a":1}', {}, { expires: new Date(NOW) })).toBe(true)
    expect(over('{"a":1}', {}, { expires: new Date(NOW + 1) })).toBe(false)
    expect(over(begun, {}, { expires: new Date(NOW) })).toBe(true)
    expect(over(begun, {}, { expires: new Date(NOW + 1) })).toBe(false)
  })

  test('what is written says when it ends, with `renew` or where another package reads it', () => {
    const end = (
      options: Partial<LifetimeOptions<Session>>,
      cookie: CookieOptions,
      before: Parameters<Lifetime<Session>['endToWrite']>[2],
    ) => {
      const { lifetime, session } = setUp(options, cookie)
      return lifetime.endToWrite(session(), NOW + 100, before)
    }
    expect(end({}, {}, {})).toEqual({ peer: undefined, until: undefined })
    expect(end({}, {}, { until: 7 })).toEqual({ peer: undefined, until: 7 })
    expect(end({ renew: 5 }, {}, { until: 7 })).toEqual({ peer: undefined, until: NOW + 100 })
    expect(end({ renew: 5 }, { maxAge: 50 }, {})).toEqual({ peer: undefined, until: NOW + 50 })
    expect(end({ renew: 5 }, { maxAge: 500 }, {})).toEqual({ peer: undefined, until: NOW + 100 })
    const peer = { expire: 1, maxAge: 2 }
    expect(end({}, { maxAge: 50 }, { peer })).toEqual({
      peer: { expire: NOW + 100, maxAge: 50 },
      until: undefined,
    })
    expect(end({}, {}, { peer })).toEqual({ peer: 'session', until: undefined })
  })

  test('a record keeps its own deadline with `renew`, or where another package wrote it', () => {
    const peer = { expire: 1, maxAge: 2 }
    const facts = (
      options: Partial<LifetimeOptions<Session>>,
      end: { peer?: typeof peer | 'session' },
    ) => {
      const { lifetime } = setUp(options)
      return [lifetime.renews, lifetime.keepsDeadline(end), lifetime.isTimed(end)]
    }
    expect(facts({}, {})).toEqual([false, false, false])
    expect(facts({}, { peer })).toEqual([false, true, true])
    expect(facts({}, { peer: 'session' })).toEqual([false, false, true])
    expect(facts({ renew: 5 }, {})).toEqual([true, true, true])
    expect(facts({ absoluteTimeout: 5 }, {})).toEqual([false, false, true])
  })

  test('depends on data where ttl is a function', () => {
    expect(setUp({ ttl: () => 5 }).lifetime.dependsOnData).toBe(true)
    expect(setUp({ ttl: 5 }).lifetime.dependsOnData).toBe(false)
  })
})
