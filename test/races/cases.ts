import { expect } from 'vitest'
import type { Player } from './player.js'

/** What a case uses: a user without a session, and the records of the store. */
export interface Stage {
  user: Player
  /** How many requests a storm has: its work grows with the square. */
  parallel: number
  /** How many live records there are. */
  records(): Promise<number>
  /** Deletes the record of an id, as its expiry does. */
  expire(id: string | undefined): Promise<unknown>
}

/** Each plays one schedule over HTTP and says what has to hold after it. */
export const CASES: Record<string, (stage: Stage) => Promise<void>> = {
  'P1: two requests write different keys: both are kept': async ({ user }) => {
    await user.do('set:a:0')
    const slow = await user.start('g', 'read,wait:g,set:b:1')
    await user.do('set:c:2')
    await slow.finish()
    expect(await user.read()).toEqual({ a: '0', b: '1', c: '2' })
  },

  'P1: three requests, finishing in another order than they began: all are kept': async ({
    user,
  }) => {
    await user.do('set:a:0')
    const first = await user.start('g1', 'read,wait:g1,set:b:1')
    const second = await user.start('g2', 'read,wait:g2,set:c:2')
    await user.do('set:d:3')
    await second.finish()
    await first.finish()
    expect(await user.read()).toEqual({ a: '0', b: '1', c: '2', d: '3' })
  },

  'one deletes a key, the other writes another: both hold': async ({ user }) => {
    await user.do('set:a:0,set:b:1')
    const slow = await user.start('g', 'read,wait:g,del:a')
    await user.do('set:c:2')
    await slow.finish()
    expect(await user.read()).toEqual({ b: '1', c: '2' })
  },

  'a slow writer does not bring back a key that was deleted meanwhile': async ({ user }) => {
    await user.do('set:a:0,set:b:1')
    const slow = await user.start('g', 'read,wait:g,set:c:2')
    await user.do('del:a')
    await slow.finish()
    expect(await user.read()).toEqual({ b: '1', c: '2' })
  },

  'replacing the session replaces what was seen, and not what came since': async ({ user }) => {
    await user.do('set:a:0,set:b:1')
    const slow = await user.start('g', 'read,wait:g,replace:x:9')
    await user.do('set:c:2')
    await slow.finish()
    expect(await user.read()).toEqual({ x: '9', c: '2' })
  },

  'a change of the cookie and a change of the data meet: both are kept': async ({ user }) => {
    await user.do('set:a:0')
    const slow = await user.start('g', 'read,wait:g,age:3600000')
    await user.do('set:b:1')
    expect((await slow.finish()).cookies[0]).toContain('expires=')
    expect(await user.read()).toEqual({ a: '0', b: '1' })
    expect((await user.do('set:c:2')).cookies[0]).toContain('expires=')
  },

  'atomic updates count every one, with plain writes beside them': async ({ user }) => {
    await user.do('set:a:0')
    const rounds = Array.from({ length: 25 }, () => [user.do('update:n'), user.do('set:b:1')])
    await Promise.all(rounds.flat())
    expect(await user.read()).toEqual({ a: '0', b: '1', n: 25 })
  },

  'parallel increments of one session are all counted': async ({ user, parallel }) => {
    await user.do('set:a:0')
    await Promise.all(Array.from({ length: parallel }, () => user.do('update:n')))
    expect(await user.read()).toEqual({ a: '0', n: parallel })
  },

  'an update keeps what the handler changed before it': async ({ user }) => {
    await user.do('set:a:0')
    const slow = await user.start('g', 'set:mine:1,wait:g,update:n')
    await user.do('update:n')
    await slow.finish()
    expect(await user.read()).toEqual({ a: '0', mine: '1', n: 2 })
  },

  'an update whose function throws changes nothing': async ({ user }) => {
    await user.do('set:a:0')
    await user.do('failing:a')
    expect(await user.read()).toEqual({ a: '0' })
  },

  'many requests write different keys at the same time: all are kept': async ({
    user,
    parallel,
  }) => {
    await user.do('set:a:0')
    const keys = Array.from({ length: parallel }, (_, at) => `k${at}`)
    const replies = await Promise.all(keys.map((key) => user.do(`read,set:${key}:1`)))
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
    const kept = Object.fromEntries(keys.map((key) => [key, '1']))
    expect(await user.read()).toEqual({ a: '0', ...kept })
  },

  'many requests write, save early and write again: all is kept': async ({ user }) => {
    await user.do('set:a:0')
    const keys = Array.from({ length: 12 }, (_, at) => at)
    await Promise.all(keys.map((at) => user.do(`read,set:k${at}:1,save,set:l${at}:2`)))
    const kept = keys.flatMap((at) => [
      [`k${at}`, '1'],
      [`l${at}`, '2'],
    ])
    expect(await user.read()).toEqual({ a: '0', ...Object.fromEntries(kept) })
  },

  'many requests write while one logs out: the session stays ended': async ({ user, records }) => {
    await user.do('set:a:0')
    const { cookie } = user
    const writers = Array.from({ length: 12 }, (_, at) => user.do(`read,set:k${at}:1`))
    await Promise.all([...writers, user.do('read,logout')])
    expect(await user.read(cookie)).toEqual({})
    expect(await records()).toBe(0)
  },

  'C8: an early save, a logout, then the answer: no cookie is sent': async ({ user, records }) => {
    await user.do('set:a:0')
    const { cookie } = user
    const slow = await user.start('g', 'set:b:1,save,wait:g')
    await user.do('logout')
    expect((await slow.finish()).cookies).toEqual([])
    expect([user.cookie, await user.read(cookie), await records()]).toEqual(['', {}, 0])
  },

  'C8: an early update, a login, then the answer: the browser keeps its login': async ({
    user,
  }) => {
    await user.do('set:a:0')
    const slow = await user.start('g', 'update:n,wait:g')
    await user.do('regenerate,set:user:ada')
    const login = user.cookie
    expect((await slow.finish()).cookies).toEqual([])
    expect(user.cookie).toBe(login)
    expect(await user.read()).toEqual({ user: 'ada' })
  },

  'C8: an early save, a login, then an error: the browser keeps its login': async ({ user }) => {
    await user.do('set:a:0')
    const slow = await user.start('g', 'set:b:1,save,wait:g,throw')
    await user.do('regenerate,set:user:ada')
    const reply = await slow.finish()
    expect([reply.status, reply.cookies]).toEqual([418, []])
    expect(await user.read()).toEqual({ user: 'ada' })
  },

  'an early save, and the session lives on: its cookie is sent': async ({ user }) => {
    await user.do('set:a:0')
    const slow = await user.start('g', 'set:b:1,save,wait:g')
    await user.do('set:c:2')
    expect((await slow.finish()).cookies).not.toEqual([])
    expect(await user.read()).toEqual({ a: '0', b: '1', c: '2' })
  },

  'R2: logout against a slow writer: the session stays ended, and no cookie is sent': async ({
    user,
    records,
  }) => {
    await user.do('set:a:0')
    const { cookie } = user
    const slow = await user.start('g', 'read,wait:g,set:b:1')
    await user.do('logout')
    const reply = await slow.finish()
    expect([reply.status, reply.cookies, reply.json()]).toEqual([200, [], { a: '0' }])
    expect(await user.read(cookie)).toEqual({})
    expect([user.cookie, await records()]).toEqual(['', 0])
  },

  'R2: logout against a slow reader: the same': async ({ user, records }) => {
    await user.do('set:a:0')
    const { cookie } = user
    const slow = await user.start('g', 'read,wait:g')
    await user.do('logout')
    expect((await slow.finish()).cookies).toEqual([])
    expect(await user.read(cookie)).toEqual({})
    expect([user.cookie, await records()]).toEqual(['', 0])
  },

  'R2: logout against an atomic update: the same, and the update rejects': async ({
    user,
    records,
  }) => {
    await user.do('set:a:0')
    const { cookie } = user
    const slow = await user.start('g', 'read,wait:g,update:n')
    await user.do('logout')
    const reply = await slow.finish()
    expect([reply.status, reply.cookies]).toEqual([409, []])
    expect(await user.read(cookie)).toEqual({})
    expect(await records()).toBe(0)
  },

  'logout against a request that comes late with the old id: it starts nothing': async ({
    user,
    records,
  }) => {
    await user.do('set:a:0')
    const { cookie } = user
    await user.do('logout')
    for (const steps of [
      'set:b:1',
      'replace:b:1',
      'logout',
      'set:b:1,save',
      'logout,replace:b:1',
    ]) {
      const reply = await user.do(`read,${steps}`, cookie)
      expect([reply.status, reply.cookies, reply.json()]).toEqual([200, [], {}])
    }
    const reply = await user.do('read,update:n', cookie)
    expect([reply.status, reply.cookies]).toEqual([409, []])
    expect(await records()).toBe(0)
  },

  'a login with an ended id, in a request that began after the end, starts a new session': async ({
    user,
    records,
  }) => {
    for (const steps of [
      'regenerate,set:user:ada',
      'read,regenerate,set:user:ada',
      'set:user:eve,regenerate,replace:user:ada,save',
    ]) {
      await user.do('set:a:0')
      const { cookie, id } = user
      await user.do('logout')
      const reply = await user.do(steps, cookie)
      expect([reply.status, reply.cookies.length]).toEqual([200, 2])
      expect(user.id).not.toBe(id)
      expect(await user.read()).toEqual({ user: 'ada' })
      expect(await user.read(cookie)).toEqual({})
      expect(await records()).toBe(1)
      await user.do('logout')
    }
  },

  'a login in a request that began before the logout starts nothing, wherever it reads': async ({
    user,
    records,
  }) => {
    await user.do('set:a:0')
    const slow = await user.start('g', 'wait:g,regenerate,set:user:ada')
    await user.do('logout')
    const reply = await slow.finish()
    expect([reply.status, reply.cookies]).toEqual([200, []])
    expect([user.cookie, await records()]).toEqual(['', 0])
  },

  'two logouts at once: both answer, the session is ended': async ({ user, records }) => {
    await user.do('set:a:0')
    const slow = await user.start('g', 'read,wait:g,logout')
    await user.do('logout')
    const reply = await slow.finish()
    expect([reply.status, reply.cookies]).toEqual([200, []])
    expect([user.cookie, await records()]).toEqual(['', 0])
  },

  'a slow logout wins over everything that was written since': async ({ user, records }) => {
    await user.do('set:a:0')
    const slow = await user.start('g', 'read,wait:g,logout')
    await user.do('set:b:1')
    await user.do('set:c:2')
    expect((await slow.finish()).cookies).toHaveLength(2)
    expect([user.cookie, await records()]).toEqual(['', 0])
  },

  'regenerate against a slow writer: the old id is dead, the browser stays with the new one':
    async ({ user, records }) => {
      await user.do('set:a:0')
      const { cookie } = user
      const slow = await user.start('g', 'read,wait:g,set:b:1')
      await user.do('regenerate,set:user:ada')
      const { id } = user
      expect((await slow.finish()).cookies).toEqual([])
      expect(user.id).toBe(id)
      expect(await user.read()).toEqual({ user: 'ada' })
      expect(await user.read(cookie)).toEqual({})
      expect(await records()).toBe(1)
    },

  'regenerate against a slow reader: the same': async ({ user, records }) => {
    await user.do('set:a:0')
    const slow = await user.start('g', 'read,wait:g')
    await user.do('regenerate:a,set:user:ada')
    const { id } = user
    expect((await slow.finish()).cookies).toEqual([])
    expect(user.id).toBe(id)
    expect(await user.read()).toEqual({ a: '0', user: 'ada' })
    expect(await records()).toBe(1)
  },

  'regenerate against a late request with the old id: it reads nothing and pushes nobody': async ({
    user,
    records,
  }) => {
    await user.do('set:a:0')
    const { cookie } = user
    await user.do('regenerate:a')
    const { id } = user
    for (const steps of ['read', 'read,set:b:1', 'read,logout', 'read,replace:b:1,save']) {
      const reply = await user.do(steps, cookie)
      expect([reply.cookies, reply.json()]).toEqual([[], {}])
    }
    expect(user.id).toBe(id)
    expect(await user.read()).toEqual({ a: '0' })
    expect(await records()).toBe(1)
  },

  'a slow regenerate moves what was written since out of reach, and ends it': async ({
    user,
    records,
  }) => {
    await user.do('set:a:0')
    const { cookie } = user
    const slow = await user.start('g', 'read,wait:g,regenerate,set:user:ada')
    await user.do('set:b:1')
    expect((await slow.finish()).cookies).toHaveLength(2)
    expect(await user.read()).toEqual({ user: 'ada' })
    expect(await user.read(cookie)).toEqual({})
    expect(await records()).toBe(1)
  },

  'two regenerates at once: both answer, one session lives, and the browser has it': async ({
    user,
    records,
  }) => {
    await user.do('set:a:0')
    const slow = await user.start('g', 'read,wait:g,regenerate,set:who:slow')
    const fast = await user.do('regenerate,set:who:fast')
    const late = await slow.finish()
    expect([fast.status, late.status, late.cookies]).toEqual([200, 200, []])
    expect(await user.read()).toEqual({ who: 'fast' })
    expect(await records()).toBe(1)
  },

  'two regenerates side by side, unordered: the same': async ({ user, records }) => {
    for (let round = 0; round < 10; round++) {
      await user.do('set:a:0')
      // Both have begun before either ends the session.
      const one = await user.start('g1', 'wait:g1,regenerate,set:who:1')
      const other = await user.start('g2', 'wait:g2,regenerate,set:who:2')
      const replies = await Promise.all([one.finish(), other.finish()])
      expect(replies.map(({ status }) => status)).toEqual([200, 200])
      expect(await user.read()).toHaveProperty('who')
      expect(await records()).toBe(1)
    }
  },

  'regenerate against logout: what ended first stays ended': async ({ user, records }) => {
    await user.do('set:a:0')
    const slow = await user.start('g', 'read,wait:g,regenerate,set:user:ada')
    await user.do('logout')
    const reply = await slow.finish()
    expect([reply.status, reply.cookies]).toEqual([200, []])
    expect([user.cookie, await records()]).toEqual(['', 0])
  },

  'destroy while the first save is on its way: nothing is left': async ({ user, records }) => {
    const reply = await user.do('set:a:0,saving,logout')
    expect(reply.status).toBe(200)
    expect([user.cookie, await records()]).toEqual(['', 0])
  },

  'saved, and saved again: one record, one cookie, and everything in it': async ({
    user,
    records,
  }) => {
    const reply = await user.do('set:a:0,saving,set:b:1,save,set:c:2')
    expect(reply.cookies).toHaveLength(2)
    expect(await user.read()).toEqual({ a: '0', b: '1', c: '2' })
    expect(await records()).toBe(1)
  },

  'what follows a save writes only what changed since, by merge': async ({ user }) => {
    await user.do('set:a:0')
    const slow = await user.start('g', 'set:b:1,save,wait:g,set:c:2')
    await user.do('set:d:3,del:a')
    await slow.finish()
    expect(await user.read()).toEqual({ b: '1', c: '2', d: '3' })
  },

  'R2: a record that expires in flight is not made again': async ({ user, records, expire }) => {
    await user.do('set:a:0')
    const slow = await user.start('g', 'read,wait:g,set:b:1')
    await expire(user.id)
    const reply = await slow.finish()
    expect([reply.status, reply.cookies, await records()]).toEqual([200, [], 0])
  },

  'P3: a handler that throws in between is saved like any other, by merge': async ({ user }) => {
    await user.do('set:a:0')
    const slow = await user.start('g', 'read,wait:g,set:b:1,throw')
    await user.do('set:c:2')
    const reply = await slow.finish()
    expect([reply.status, reply.cookies.length]).toEqual([418, 2])
    expect(await user.read()).toEqual({ a: '0', b: '1', c: '2' })
  },

  'a handler that throws after a logout revives nothing': async ({ user, records }) => {
    await user.do('set:a:0')
    const slow = await user.start('g', 'read,wait:g,set:b:1,throw')
    await user.do('logout')
    const reply = await slow.finish()
    expect([reply.status, reply.cookies, await records()]).toEqual([418, [], 0])
  },

  'P3: headers that are gone already: the store is written, by merge, and no header is touched':
    async ({ user }) => {
      await user.do('set:a:0')
      const slow = await user.start('g', 'read,flush,wait:g,set:b:1')
      await user.do('set:c:2')
      const reply = await slow.finish()
      expect([reply.status, reply.cookies]).toEqual([200, []])
      await expect.poll(() => user.read()).toEqual({ a: '0', b: '1', c: '2' })
    },
}
