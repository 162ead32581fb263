// biome-ignore-all lint/correctness/useYield: handlers of Koa 1 are generators, whether or not they wait for something
import type { Context } from 'koa'
import convert from 'koa-convert'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { counted, type Opened, SOME } from '../support/backends.js'
import type { Browser } from '../support/browser.js'
import { Gate } from '../support/gate.js'
import { type Site, type SiteOptions, serve } from '../support/site.js'

/** A handler as it was written for Koa 1: `this` is the context, and everything slow is yielded. */
type Handler = (this: Context, next: unknown) => Generator<unknown, void, SessionData>

describe.each(SOME)('generators through koa-convert on $name', ({ open }) => {
  let opened: Opened
  let site: Site
  let browser: Browser
  let calls: string[]

  beforeEach(async () => {
    opened = await open()
  })
  afterEach(async () => {
    await site.close()
    await opened.close()
  })

  async function start(
    handlers: Record<string, Handler>,
    options: SiteOptions = {},
  ): Promise<void> {
    const route = convert(function* (this: Context, next: unknown): ReturnType<Handler> {
      const handler = handlers[this.path]
      if (handler) yield* handler.call(this, next)
      if (this.body === undefined) this.body = 'done'
    })
    const { store, calls: made } = counted(opened.store)
    calls = made
    const { prefix } = opened
    site = await serve({}, { store, prefix, ...options, after: [...(options.after ?? []), route] })
    browser = site.browser()
  }

  const sid = () => browser.jar.get('koa.sid')
  const records = async () => [...(await opened.records()).values()]
  const text = async (path: string) => (await browser.get(path)).text

  describe('this.session', () => {
    it('is the session, read and changed', async () => {
      await start({
        '/': function* () {
          this.session.views = (this.session.views ?? 0) + 1
          this.body = `${this.session.views} ${this.session.isNew}`
        },
      })
      expect([await text('/'), await text('/'), await text('/')]).toEqual([
        '1 true',
        '2 false',
        '3 false',
      ])
      expect(await records()).toMatchObject([{ views: 3 }])
      expect(site.errors).toEqual([])
    })

    it('is replaced by an object, under the same id', async () => {
      await start({
        '/': function* () {
          this.session.user = 'ada'
        },
        '/replace': function* () {
          this.session = { cart: 'tea' }
        },
      })
      await browser.get('/')
      const before = sid()
      await browser.get('/replace')
      expect(sid()).toBe(before)
      const [record] = await records()
      expect(record).toMatchObject({ cart: 'tea' })
      expect(record).not.toHaveProperty('user')
    })

    it('ends with null', async () => {
      await start({
        '/': function* () {
          this.session.user = 'ada'
        },
        '/logout': function* () {
          this.session = null
          this.body = String(this.session.user)
        },
      })
      await browser.get('/')
      expect(await text('/logout')).toBe('undefined')
      expect(browser.jar.size).toBe(0)
      expect(await records()).toEqual([])
    })

    it('is there for generators above, once those below are done', async () => {
      const above = convert(function* (this: Context, next: unknown): ReturnType<Handler> {
        yield next
        this.set('x-user', this.session.user)
      })
      await start(
        {
          '/': function* () {
            this.session.user = 'ada'
          },
        },
        { before: [above], after: [above] },
      )
      expect((await browser.get('/')).headers['x-user']).toBe('ada')
    })

    it('is saved although the generator throws', async () => {
      await start({
        '/': function* () {
          this.session.user = 'ada'
          yield Promise.reject(new Error('No tea today'))
        },
        '/read': function* () {
          this.body = this.session.user
        },
      })
      expect((await browser.get('/')).status).toBe(500)
      expect(await text('/read')).toBe('ada')
      expect(site.errors.map(String)).toEqual(['Error: No tea today'])
    })

    it('moves to a new id with a yielded this.regenerateSession()', async () => {
      await start({
        '/': function* () {
          this.session.user = 'guest'
          this.session.cart = 'tea'
        },
        '/login': function* () {
          const session = yield this.regenerateSession({ keep: ['cart'] })
          this.body = String(session === this.session)
          this.session.user = 'ada'
        },
        '/regenerate': function* () {
          this.regenerateSession()
          this.session.user = 'grace'
        },
      })
      await browser.get('/')
      const before = sid()
      expect(await text('/login')).toBe('true')
      expect(await records()).toMatchObject([{ user: 'ada', cart: 'tea' }])
      const after = sid()
      await browser.get('/regenerate')
      expect(await records()).toMatchObject([{ user: 'grace' }])
      expect(new Set([before, after, sid()]).size).toBe(3)
    })

    it('is in the store after a yielded this.saveSession()', async () => {
      await start({
        '/': function* () {
          this.session.user = 'ada'
          yield this.saveSession()
          const found = yield this.sessionStore.get(String(this.sessionId))
          this.body = `${found.user} ${this.session.isNew}`
          yield this.session.save()
        },
      })
      const reply = await browser.get('/')
      expect(reply.text).toBe('ada false')
      expect(reply.cookies).toHaveLength(2)
      expect(await records()).toHaveLength(1)
    })

    it('counts without a loss in a yielded this.updateSession()', async () => {
      const waiting: Gate[] = []
      await start({
        '/': function* () {
          yield this.updateSession(async (session) => {
            session.views = (session.views ?? 0) + 1
            await waiting.shift()?.pass()
          })
          this.body = String(this.session.views)
        },
      })
      await browser.get('/')
      // All of them have read the same count before the first one writes.
      const gates = Array.from({ length: 3 }, () => new Gate())
      waiting.push(...gates)
      const replies = gates.map(() => browser.get('/'))
      await Promise.all(gates.map(({ arrived }) => arrived))
      for (const gate of gates) gate.open()
      await Promise.all(replies)
      expect(await text('/')).toBe('5')
    })

    it('is not saved where this.sessionSave says so', async () => {
      await start({
        '/': function* () {
          this.session.user = 'ada'
          this.sessionSave = false
        },
      })
      await browser.get('/')
      expect(browser.jar.size).toBe(0)
      expect(await records()).toEqual([])
    })
  })

  describe('yield this.session', () => {
    it('is the session, read and changed', async () => {
      await start(
        {
          '/': function* () {
            const session = yield this.session
            session.views = (session.views ?? 0) + 1
            this.body = String(session.views)
          },
        },
        { defer: true },
      )
      expect([await text('/'), await text('/'), await text('/')]).toEqual(['1', '2', '3'])
      expect(await records()).toMatchObject([{ views: 3 }])
    })

    it('is the same object however often and in whatever way it is yielded', async () => {
      await start(
        {
          '/': function* () {
            const [first, second] = (yield [this.session, this.session]) as SessionData[]
            const { third } = yield { third: this.session }
            this.body = String(
              first === second && second === third && third === (yield this.session),
            )
          },
        },
        { defer: true },
      )
      expect(await text('/')).toBe('true')
    })

    it('reads nothing from the store where it is not yielded', async () => {
      await start(
        {
          '/': function* () {
            const session = yield this.session
            session.user = 'ada'
          },
          '/static': function* () {},
        },
        { defer: true },
      )
      await browser.get('/')
      calls.length = 0
      expect((await browser.get('/static')).cookies).toEqual([])
      expect(calls).toEqual([])
    })

    it('gives way to what was set before it was read', async () => {
      await start(
        {
          '/': function* () {
            const session = yield this.session
            session.user = 'ada'
          },
          '/replace': function* () {
            this.session = { cart: 'tea' }
            const session = yield this.session
            this.body = JSON.stringify(session)
          },
        },
        { defer: true },
      )
      await browser.get('/')
      const before = sid()
      expect(await text('/replace')).toBe('{"cart":"tea"}')
      expect(sid()).toBe(before)
      expect(await records()).toMatchObject([{ cart: 'tea' }])
    })

    it('ends with null, read or not', async () => {
      await start(
        {
          '/': function* () {
            const session = yield this.session
            session.user = 'ada'
          },
          '/logout': function* () {
            this.session = null
            this.body = String((yield this.session).user)
          },
          '/leave': function* () {
            yield this.session
            this.session = null
          },
        },
        { defer: true },
      )
      for (const path of ['/logout', '/leave']) {
        await browser.get('/')
        await browser.get(path)
        expect(browser.jar.size).toBe(0)
        expect(await records()).toEqual([])
      }
    })

    it('moves to a new id with a yielded this.regenerateSession(), read or not', async () => {
      await start(
        {
          '/': function* () {
            const session = yield this.session
            session.user = 'guest'
          },
          '/login': function* () {
            const session = yield this.regenerateSession()
            session.user = 'ada'
          },
          '/change': function* () {
            yield this.session
            const session = yield this.regenerateSession({ keep: ['user'] })
            this.body = session.user
          },
        },
        { defer: true },
      )
      await browser.get('/')
      const ids = [sid()]
      await browser.get('/login')
      expect(await records()).toMatchObject([{ user: 'ada' }])
      ids.push(sid())
      expect(await text('/change')).toBe('ada')
      expect(new Set([...ids, sid()]).size).toBe(3)
      expect(await records()).toMatchObject([{ user: 'ada' }])
    })

    it('is in the store after a yielded this.saveSession()', async () => {
      await start(
        {
          '/': function* () {
            const session = yield this.session
            session.user = 'ada'
            yield this.saveSession()
            const found = yield this.sessionStore.get(String(this.sessionId))
            this.body = found.user
          },
        },
        { defer: true },
      )
      const reply = await browser.get('/')
      expect(reply.text).toBe('ada')
      expect(reply.cookies).toHaveLength(2)
    })
  })
})
