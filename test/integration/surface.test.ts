import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { BACKENDS, type Opened } from '../support/backends.js'
import { type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

const ID = /^[\w-]{32}$/

const ROUTES: Routes = {
  '/read': (ctx) => ({ ...ctx.session }),
  '/id': (ctx) => ctx.sessionId,
  '/count': (ctx) => {
    ctx.session.count = (ctx.session.count ?? 0) + 1
    return ctx.session.count
  },
  '/replace': (ctx) => {
    ctx.session = { fresh: true }
  },
  '/end': (ctx) => {
    ctx.session = null
    return ctx.session
  },
}

describe.each(BACKENDS)('$name', ({ open }) => {
  let opened: Opened
  let site: Site | undefined

  beforeAll(async () => {
    opened = await open()
  })
  afterEach(() => site?.close())
  afterAll(() => opened.close())

  async function start(routes: Routes = {}, options: SiteOptions = {}) {
    site = await serve(
      { ...ROUTES, ...routes },
      { store: opened.store, prefix: opened.prefix, ...options },
    )
    return site
  }

  test('a session is kept from request to request', async () => {
    const browser = (await start()).browser()
    expect((await browser.get('/count')).json()).toBe(1)
    expect((await browser.get('/count')).json()).toBe(2)
    expect((await browser.get('/read')).json()).toEqual({ count: 2 })
  })

  test('the cookie comes when the session is set or modified, and only then', async () => {
    const browser = (await start()).browser()
    expect((await browser.get('/read')).cookies).toEqual([])
    const [line, signature] = (await browser.get('/count')).cookies
    expect(line).toMatch(/^koa\.sid=[\w-]{32}; path=\/; samesite=lax; httponly$/)
    expect(signature).toMatch(/^koa\.sid\.sig=[\w-]{27}; path=\/; samesite=lax; httponly$/)
    expect((await browser.get('/read')).cookies).toEqual([])
    expect((await browser.get('/count')).cookies).toEqual([line, signature])
  })

  test('a nested change is a change', async () => {
    const browser = (
      await start({
        '/cart': (ctx) => {
          ctx.session.cart = { items: ['tea'] }
        },
        '/add': (ctx) => {
          ctx.session.cart.items.push('cup')
        },
      })
    ).browser()
    await browser.get('/cart')
    expect((await browser.get('/add')).cookies).toHaveLength(2)
    expect((await browser.get('/read')).json()).toEqual({ cart: { items: ['tea', 'cup'] } })
  })

  test('setting an object replaces the data and keeps the id', async () => {
    const browser = (await start()).browser()
    await browser.get('/count')
    const id = (await browser.get('/id')).json()
    await browser.get('/replace')
    expect((await browser.get('/read')).json()).toEqual({ fresh: true })
    expect((await browser.get('/id')).json()).toBe(id)
  })

  test('setting an object without a session before makes one that the next request finds', async () => {
    const browser = (await start()).browser()
    expect((await browser.get('/replace')).cookies).toHaveLength(2)
    expect((await browser.get('/read')).json()).toEqual({ fresh: true })
  })

  test('setting null ends the session: the record goes, and both cookies are cleared', async () => {
    const browser = (await start()).browser()
    await browser.get('/count')
    const stolen = browser.cookie
    const before = (await opened.records()).size
    const { cookies, text } = await browser.get('/end')
    expect(text).toBe('{}')
    expect(cookies).toEqual([
      'koa.sid=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; samesite=lax; httponly',
      'koa.sid.sig=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; samesite=lax; httponly',
    ])
    expect((await opened.records()).size).toBe(before - 1)
    expect((await browser.get('/read', { cookie: stolen })).json()).toEqual({})
  })

  test('setting null without a session does nothing', async () => {
    const browser = (await start()).browser()
    expect((await browser.get('/end')).cookies).toEqual([])
  })

  test('after null the session can be read: it is empty and new, and nothing is stored', async () => {
    const { browser } = await start({
      '/leave': async (ctx) => {
        await ctx.session.touch()
        ctx.session = null
        const session = await ctx.session
        return [session.user, session.isNew, ctx.session === session]
      },
      '/saved': async (ctx) => {
        ctx.session = null
        return [ctx.session.user, await ctx.saveSession(), ctx.session.isNew]
      },
    })
    for (const path of ['/leave', '/saved']) {
      const user = browser()
      await user.get('/count')
      const before = (await opened.records()).size
      const { cookies, json } = await user.get(path)
      expect(json<unknown[]>()).toEqual(
        path === '/leave' ? [null, true, true] : [null, false, true],
      )
      expect([cookies.length, user.cookie]).toEqual([2, ''])
      expect((await opened.records()).size).toBe(before - 1)
    }
  })

  test('what is written after null is a new session under a new id', async () => {
    const { browser, errors } = await start({
      '/leave': (ctx) => {
        ctx.session = null
        ctx.session.note = 'bye'
        return ctx.sessionId
      },
      '/saved': async (ctx) => {
        ctx.session = null
        await ctx.saveSession()
        ctx.session.note = 'bye'
      },
      '/twice': (ctx) => {
        ctx.session = null
        ctx.session.note = 'bye'
        ctx.session = null
      },
    })
    for (const path of ['/leave', '/saved']) {
      const user = browser()
      await user.get('/count')
      const id = (await user.get('/id')).json()
      const stolen = user.cookie
      expect((await user.get(path)).json()).not.toBe(id)
      expect((await user.get('/read')).json()).toEqual({ note: 'bye' })
      expect((await user.get('/id')).json()).not.toBe(id)
      expect((await user.get('/read', { cookie: stolen })).json()).toEqual({})
    }
    const user = browser()
    await user.get('/count')
    await user.get('/twice')
    expect([user.cookie, errors]).toEqual(['', []])
  })

  test('null, and then an object, is a new session under a new id', async () => {
    const { browser } = await start({
      '/again': (ctx) => {
        ctx.session = null
        ctx.session = { second: true }
      },
    })
    const user = browser()
    await user.get('/count')
    const id = (await user.get('/id')).json()
    const stolen = user.cookie
    await user.get('/again')
    expect((await user.get('/read')).json()).toEqual({ second: true })
    expect((await user.get('/id')).json()).not.toBe(id)
    expect((await user.get('/read', { cookie: stolen })).json()).toEqual({})
  })

  test('anything but an object or null is refused and nothing is lost', async () => {
    const { browser, errors } = await start({
      '/number': (ctx) => {
        Reflect.set(ctx, 'session', 7)
      },
      '/list': (ctx) => {
        Reflect.set(ctx, 'session', [])
      },
    })
    const user = browser()
    await user.get('/count')
    expect((await user.get('/number')).status).toBe(500)
    expect((await user.get('/list')).status).toBe(500)
    expect(errors).toMatchObject([{ code: 'ERR_SESSION_VALUE' }, { code: 'ERR_SESSION_VALUE' }])
    expect((await user.get('/read')).json()).toEqual({ count: 1 })
  })

  test('ctx.sessionId is there as soon as there is something to give it to', async () => {
    const { browser } = await start({
      '/early': (ctx) => {
        const before = ctx.sessionId ?? null
        ctx.session.x = 1
        return [before, ctx.sessionId]
      },
    })
    const user = browser()
    const [before, early] = (await user.get('/early')).json<(string | null)[]>()
    expect(before).toBe(null)
    expect(early).toMatch(ID)
    expect((await user.get('/id')).json()).toBe(early)
  })

  test('ctx.sessionId set before the middleware presents an id; one that is unknown is not adopted', async () => {
    const { browser } = await start(
      {},
      {
        before: [
          (ctx, next) => {
            const id = ctx.get('x-session')
            if (id) ctx.sessionId = id
            return next()
          },
        ],
      },
    )
    const user = browser()
    await user.get('/count')
    const id = (await user.get('/id')).json<string>()
    const device = browser()
    expect((await device.get('/read', { 'x-session': id })).json()).toEqual({ count: 1 })
    const unknown = 'a-well-formed-id-nobody-knows'
    await device.get('/count', { 'x-session': unknown })
    expect(device.jar.get('koa.sid')).toMatch(ID)
    expect([...(await opened.records()).keys()]).not.toContain(opened.prefix + unknown)
  })

  test('a handler may choose the id of a new session, and not of a stored one', async () => {
    const chosen = `chosen-${Date.now()}-${Math.random()}`
    const { browser, errors } = await start({
      '/choose': (ctx) => {
        ctx.session.x = 1
        ctx.sessionId = chosen
      },
    })
    const user = browser()
    await user.get('/choose')
    expect(user.jar.get('koa.sid')).toBe(chosen)
    expect((await user.get('/choose')).status).toBe(500)
    expect(errors).toMatchObject([{ code: 'ERR_SESSION_ID' }])
  })

  test('ctx.sessionSave false forbids everything, true forces even an empty session', async () => {
    const { browser } = await start({
      '/quiet': (ctx) => {
        ctx.sessionSave = false
        ctx.session.lost = true
        return ctx.sessionSave
      },
      '/stay': (ctx) => {
        ctx.sessionSave = false
        ctx.session = null
      },
      '/force': (ctx) => {
        ctx.sessionSave = true
      },
    })
    const user = browser()
    expect((await user.get('/quiet')).cookies).toEqual([])
    expect((await user.get('/force')).cookies).toHaveLength(2)
    expect((await user.get('/force')).cookies).toHaveLength(2)
    await user.get('/count')
    expect((await user.get('/stay')).cookies).toEqual([])
    expect((await user.get('/read')).json()).toEqual({ count: 1 })
  })

  test('ctx.saveSession() and session.save() write at once, and what follows is written too', async () => {
    const { browser } = await start({
      '/save': async (ctx) => {
        ctx.session.one = 1
        await ctx.saveSession()
        const early = ctx.response.get('Set-Cookie').length
        ctx.session.two = 2
        await ctx.session.save()
        ctx.session.three = 3
        return early
      },
    })
    const user = browser()
    const reply = await user.get('/save')
    expect(reply.json()).toBe(2)
    expect(reply.cookies).toHaveLength(2)
    expect((await user.get('/read')).json()).toEqual({ one: 1, two: 2, three: 3 })
  })

  test('ctx.regenerateSession() starts anew under another id, awaited or not', async () => {
    const { browser } = await start({
      '/awaited': async (ctx) => {
        const fresh = await ctx.regenerateSession()
        fresh.user = 'ada'
        return ctx.sessionId
      },
      '/marked': (ctx) => {
        ctx.regenerateSession({ keep: ['user'] })
        ctx.session.more = true
      },
    })
    const user = browser()
    await user.get('/count')
    const first = { id: (await user.get('/id')).json(), cookie: user.cookie }
    const told = (await user.get('/awaited')).json()
    expect((await user.get('/id')).json()).toBe(told)
    expect(told).not.toBe(first.id)
    expect((await user.get('/read')).json()).toEqual({ user: 'ada' })
    expect((await user.get('/read', { cookie: first.cookie })).json()).toEqual({})
    await user.get('/marked')
    expect((await user.get('/read')).json()).toEqual({ user: 'ada', more: true })
  })

  test('a session that regenerate leaves empty is ended: no record, cookie cleared', async () => {
    const { browser } = await start({ '/move': (ctx) => void ctx.regenerateSession() })
    const user = browser()
    await user.get('/count')
    const before = (await opened.records()).size
    expect((await user.get('/move')).cookies).toHaveLength(2)
    expect(user.cookie).toBe('')
    expect((await opened.records()).size).toBe(before - 1)
  })

  test('the prototype methods take callbacks, and isNew tells new from stored', async () => {
    const { browser } = await start({
      '/methods': async (ctx) => {
        const seen = [ctx.session.isNew]
        ctx.session.x = 1
        await new Promise((resolve) => ctx.session.save(resolve))
        seen.push(ctx.session.isNew)
        const before = ctx.session
        await new Promise((resolve) => ctx.session.regenerate(resolve))
        seen.push(ctx.session.isNew, before === ctx.session, Object.keys(before).includes('x'))
        ctx.session.y = 2
        return seen
      },
      '/destroy': async (ctx) => {
        await new Promise((resolve) => ctx.session.destroy(resolve))
        return ctx.session
      },
    })
    const user = browser()
    expect((await user.get('/methods')).json()).toEqual([true, false, true, false, true])
    expect((await user.get('/read')).json()).toEqual({ y: 2 })
    expect((await user.get('/destroy')).text).toBe('{}')
    expect(user.cookie).toBe('')
  })

  test('session.touch() extends an unchanged session', async () => {
    const { browser } = await start({ '/touch': (ctx) => void ctx.session.touch() })
    const user = browser()
    await user.get('/count')
    expect((await user.get('/touch')).cookies).toHaveLength(2)
    expect((await user.get('/read')).cookies).toEqual([])
  })

  test('session.cookie alters the cookie of one user, for good', async () => {
    const { browser } = await start({
      '/remember': (ctx) => {
        ctx.session.user = 'ada'
        ctx.session.cookie.maxAge = 3_600_000
      },
      '/age': (ctx) => ctx.session.cookie.maxage,
      '/until': (ctx) => {
        ctx.session.cookie.expires = new Date(Date.now() + 7_200_000)
      },
    })
    const [user, other] = [browser(), browser()]
    expect((await user.get('/remember')).cookies[0]).toMatch(
      /; expires=\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT; /,
    )
    expect((await user.get('/count')).cookies[0]).toContain('; expires=')
    expect((await user.get('/age')).json()).toBe(3_600_000)
    expect((await other.get('/count')).cookies[0]).not.toContain('expires')
    expect((await user.get('/until')).cookies[0]).toContain('; expires=')
    await user.get('/replace')
    expect((await user.get('/count')).cookies[0]).toContain('; expires=')
  })

  test('rolling: every request with a session sends the cookie again; one without sends none', async () => {
    const { browser } = await start({}, { rolling: true, cookie: { maxage: 60_000 } })
    const user = browser()
    expect((await user.get('/read')).cookies).toEqual([])
    await user.get('/count')
    expect((await user.get('/read')).cookies[0]).toContain('; expires=')
  })

  test('allowEmpty stores a session without data', async () => {
    const { browser } = await start({}, { allowEmpty: true })
    const user = browser()
    expect((await user.get('/read')).cookies).toHaveLength(2)
    expect((await user.get('/read')).cookies).toEqual([])
  })

  test('genSid makes the ids, at once or later, with the context as this', async () => {
    const made: string[] = []
    const genSid = async function (this: { path: string }, length: number) {
      const id = `${this.path.slice(1)}-${length}-${Math.random()}`
      made.push(id)
      return id
    }
    const user = (await start({}, { genSid })).browser()
    await user.get('/count')
    expect(made).toHaveLength(1)
    expect(user.jar.get('koa.sid')).toBe(made[0])
    expect(made[0]).toMatch(/^count-24-/)
  })

  test('valid, at once or later, turns a session down', async () => {
    const { browser, events } = await start(
      {},
      { valid: async (ctx, session) => ctx.get('x-version') === '2' || session.count === 1 },
    )
    const user = browser()
    await user.get('/count')
    await user.get('/count')
    expect((await user.get('/read')).json()).toEqual({})
    expect(events).toEqual(['invalid'])
    expect((await user.get('/read', { 'x-version': '2' })).json()).toEqual({ count: 2 })
  })

  test('beforeSave may change what is written', async () => {
    const saved: string[] = []
    const { browser } = await start(
      {},
      {
        beforeSave: async (ctx, session) => {
          saved.push(ctx.path)
          session.by = ctx.path
        },
      },
    )
    const user = browser()
    await user.get('/read')
    await user.get('/count')
    expect((await user.get('/read')).json()).toEqual({ count: 1, by: '/count' })
    expect(saved).toEqual(['/count'])
  })

  test('sessionIdStore carries the id in something else than a cookie', async () => {
    const { browser } = await start(
      {},
      {
        sessionIdStore: {
          get() {
            return this.get('x-session')
          },
          set(sid, session) {
            this.set('x-session', sid)
            this.set('x-keys', Object.keys(session).join())
          },
          async reset() {
            this.set('x-session', '')
          },
        },
      },
    )
    const device = browser()
    const first = await device.get('/count')
    const id = String(first.headers['x-session'])
    expect(id).toMatch(ID)
    expect(first.cookies).toEqual([])
    expect(first.headers['x-keys']).toBe('count')
    expect((await device.get('/count', { 'x-session': id })).json()).toBe(2)
    expect((await device.get('/end', { 'x-session': id })).headers['x-session']).toBe('')
    expect((await device.get('/read', { 'x-session': id })).json()).toEqual({})
  })

  test('ctx.sessionStore reads, writes and ends sessions by their bare ids', async () => {
    const { browser } = await start({
      '/other': async (ctx) => {
        const id = ctx.get('x-session')
        const seen = await ctx.sessionStore.get(id)
        await ctx.sessionStore.set(id, { ...seen, note: 'from outside' })
        return seen?.count
      },
      '/kick': (ctx) => ctx.sessionStore.destroy(ctx.get('x-session')),
      '/client': (ctx) => ctx.sessionStore.client === opened.store,
    })
    const [user, admin] = [browser(), browser()]
    await user.get('/count')
    const id = (await user.get('/id')).json<string>()
    expect((await admin.get('/other', { 'x-session': id })).json()).toBe(1)
    expect((await user.get('/read')).json()).toEqual({ count: 1, note: 'from outside' })
    expect((await admin.get('/kick', { 'x-session': id })).json()).toBe(true)
    expect((await admin.get('/kick', { 'x-session': id })).json()).toBe(false)
    expect((await user.get('/read')).json()).toEqual({})
    expect((await admin.get('/client')).json()).toBe(true)
  })

  test('ctx.sessionStore.set refuses what JSON cannot write, and stores nothing', async () => {
    const codes: unknown[] = []
    const { browser } = await start({
      '/put': async (ctx) => {
        const id = String(ctx.sessionId)
        const seen = (await ctx.sessionStore.get(id)) ?? {}
        for (const session of [{ big: 1n }, Object.assign(seen, { big: 1n })])
          await ctx.sessionStore.set(id, session).catch((error) => codes.push(error.code))
      },
    })
    const user = browser()
    await user.get('/count')
    await user.get('/put')
    expect(codes).toEqual(['ERR_SESSION_DATA', 'ERR_SESSION_DATA'])
    expect((await user.get('/read')).json()).toEqual({ count: 1 })
  })

  test('any key is data, the names of the methods included', async () => {
    const data = JSON.parse(
      '{"save":1,"isNew":"x","touch":null,"regenerate":[],"constructor":2,"__proto__":{"a":1},"_x":3,"_expire":4,"0":5}',
    )
    const { browser } = await start({
      '/names': (ctx) => {
        ctx.session = data
      },
      '/add': (ctx) => {
        ctx.session.isNew = 'y'
        Reflect.set(ctx.session, 'destroy', 'z')
      },
      '/raw': (ctx) => JSON.parse(JSON.stringify(ctx.session)),
    })
    const user = browser()
    await user.get('/names')
    expect((await user.get('/raw')).text).toBe(JSON.stringify(data))
    await user.get('/add')
    expect((await user.get('/read')).json()).toMatchObject({ isNew: 'y', destroy: 'z', _expire: 4 })
  })
})
