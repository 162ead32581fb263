import { randomBytes } from 'node:crypto'
import Router from '@koa/router'
import type { Context, Middleware } from 'koa'
import { afterEach, describe, expect, it } from 'vitest'
import session, { MemoryStore } from '../../src/index.js'
import { counted } from '../support/backends.js'
import type { Browser } from '../support/browser.js'
import { type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

let site: Site
let browser: Browser
afterEach(() => site.close())

async function start(options: SiteOptions = {}, routes: Routes = {}): Promise<void> {
  site = await serve(routes, options)
  browser = site.browser()
}

const names = (lines: string[]) => lines.map((line) => line.split('=', 1)[0])
const count = (ctx: Context) => {
  ctx.session.views = (ctx.session.views ?? 0) + 1
  ctx.body = String(ctx.session.views)
}
const text = async (path: string) => (await browser.get(path)).text

describe('@koa/router', () => {
  it('has the session in its handlers, parameters and nested routers', async () => {
    const users = new Router()
    users.param('user', (user, ctx, next) => {
      ctx.session.seen = [...(ctx.session.seen ?? []), user]
      return next()
    })
    users.get('/:user', (ctx) => {
      ctx.body = JSON.stringify(ctx.session.seen)
    })
    const api = new Router({ prefix: '/api' })
    api.use((ctx, next) => {
      ctx.session.api = true
      return next()
    })
    api.use('/users', users.routes(), users.allowedMethods())
    const root = new Router()
    root.get('/', (ctx) => {
      ctx.body = JSON.stringify(ctx.session)
    })
    root.use(api.routes())
    await start({ after: [root.routes() as Middleware, root.allowedMethods() as Middleware] })
    expect((await browser.get('/api/users/ada')).json()).toEqual(['ada'])
    expect((await browser.get('/api/users/grace')).json()).toEqual(['ada', 'grace'])
    expect((await browser.get('/')).json()).toEqual({ api: true, seen: ['ada', 'grace'] })
  })

  it('takes the middleware for some of its routes only', async () => {
    const { store, calls } = counted(new MemoryStore())
    const sessions = session({ store, key: 'inner', prefix: '' })
    const inner = new Router()
    inner.get('/private', sessions as Middleware, count)
    inner.get('/public', (ctx) => {
      ctx.body = String(ctx.session?.views)
    })
    await start({ key: 'outer', defer: true, after: [inner.routes() as Middleware] })
    expect([await text('/private'), await text('/private')]).toEqual(['1', '2'])
    expect([...browser.jar.keys()]).toEqual(['inner', 'inner.sig'])
    calls.length = 0
    await browser.get('/public')
    expect(calls).toEqual([])
  })

  it('saves the session of a route that does not exist or that throws', async () => {
    const router = new Router()
    router.use((ctx, next) => {
      ctx.session.path = ctx.path
      return next()
    })
    router.get('/throw', (ctx) => ctx.throw(418, 'No tea today'))
    router.get('/read', (ctx) => {
      ctx.body = ctx.session.before
    })
    const remember: Middleware = (ctx, next) => {
      ctx.session.before = ctx.session.now
      ctx.session.now = ctx.path
      return next()
    }
    await start({ after: [remember, router.routes() as Middleware] })
    expect((await browser.get('/throw')).status).toBe(418)
    expect(await text('/read')).toBe('/throw')
    expect((await browser.get('/nowhere')).status).toBe(404)
    expect(await text('/read')).toBe('/nowhere')
  })
})

describe('middleware that keeps something in the session', () => {
  it('makes a secret once and checks it, as koa-csrf does', async () => {
    const csrf: Middleware = (ctx, next) => {
      if (!ctx.session.secret) ctx.session.secret = randomBytes(18).toString('base64url')
      ctx.state.csrf = ctx.session.secret
      if (ctx.path === '/post' && ctx.get('csrf-token') !== ctx.session.secret) ctx.throw(403)
      return next()
    }
    await start({ after: [csrf] }, { '/': (ctx) => ctx.state.csrf, '/post': () => 'done' })
    const token = (await browser.get('/')).json<string>()
    expect((await browser.get('/')).json()).toBe(token)
    const post = (value: string) =>
      browser.get('/post', { cookie: browser.cookie, 'csrf-token': value })
    expect((await post(token)).status).toBe(200)
    expect((await post('something else')).status).toBe(403)
    expect((await browser.get('/')).json()).toBe(token)
    const other = site.browser()
    expect((await other.get('/')).json()).not.toBe(token)
  })

  it('sees what it changed inside of session.flash, and forgets what was shown', async () => {
    const flash: Middleware = (ctx, next) => {
      ctx.flash = (type: string, message?: string) => {
        ctx.session.flash ??= {}
        const messages = ctx.session.flash
        if (message === undefined) {
          const shown = messages[type] ?? []
          delete messages[type]
          return shown
        }
        messages[type] ??= []
        return messages[type].push(message)
      }
      return next()
    }
    await start(
      { after: [flash] },
      {
        '/add': (ctx) => ctx.flash('info', ctx.query.text),
        '/show': (ctx) => ctx.flash('info'),
        '/session': (ctx) => ctx.session,
      },
    )
    expect((await browser.get('/add?text=one')).json()).toBe(1)
    expect((await browser.get('/add?text=two')).json()).toBe(2)
    expect((await browser.get('/session')).json()).toEqual({ flash: { info: ['one', 'two'] } })
    expect((await browser.get('/show')).json()).toEqual(['one', 'two'])
    expect((await browser.get('/show')).json()).toEqual([])
    expect((await browser.get('/session')).json()).toEqual({ flash: {} })
  })
})

describe('a second session middleware', () => {
  it('with the same options leaves the session to the first', async () => {
    const { store, calls } = counted(new MemoryStore())
    const second = session({ store }) as Middleware
    await start({ store, after: [second] }, { '/': count })
    const { text: first, cookies } = await browser.get('/')
    expect(names(cookies)).toEqual(['koa.sid', 'koa.sid.sig'])
    expect([first, await text('/')]).toEqual(['1', '2'])
    expect(calls).toEqual(['create', 'load', 'replace'])
  })

  it('without a store leaves the session to the first', async () => {
    await start({ after: [session() as Middleware] }, { '/': count })
    expect([await text('/'), await text('/')]).toEqual(['1', '2'])
    expect(browser.jar.size).toBe(2)
  })

  it('with the same options works again once the first is done', async () => {
    const store = new MemoryStore()
    const first = session({ store }) as Middleware
    const look: Middleware = async (ctx, next) => {
      await first(ctx, async () => {
        ctx.state.views = ctx.session.views
      })
      await next()
    }
    await start({ store, before: [look] }, { '/': count })
    expect([await text('/'), await text('/'), await text('/')]).toEqual(['1', '2', '3'])
  })

  it('with another store for the same cookie is an error', async () => {
    const [one, two] = [new MemoryStore(), new MemoryStore()]
    const second = session({ store: two }) as Middleware
    await start({ store: one, after: [second] }, { '/': count })
    expect((await browser.get('/')).status).toBe(500)
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_CONTEXT' }])
    expect([one.size, two.size, browser.jar.size]).toEqual([0, 0, 0])
  })

  describe('with another key', () => {
    const stores = () => [new MemoryStore(), new MemoryStore()] as const

    it('has a session of its own inside, and gives the outer one back', async () => {
      const [outer, inner] = stores()
      const seen: unknown[] = []
      const between: Middleware = async (ctx, next) => {
        ctx.session.where = 'outer'
        await next()
        seen.push(ctx.session.where, ctx.sessionId)
      }
      const second = session({ store: inner, key: 'inner' }) as Middleware
      const routes: Routes = {
        '/': (ctx) => {
          seen.push(ctx.session.where)
          ctx.session.where = 'inner'
        },
        '/read': (ctx) => ctx.session.where,
      }
      await start({ store: outer, key: 'outer', after: [between, second] }, routes)
      const { cookies } = await browser.get('/')
      expect(new Set(names(cookies))).toEqual(new Set(['outer', 'outer.sig', 'inner', 'inner.sig']))
      expect(seen).toEqual([undefined, 'outer', browser.jar.get('outer')])
      expect((await browser.get('/read')).json()).toBe('inner')
      const record = (store: MemoryStore, key: string) =>
        store.get(`koa:sess:${browser.jar.get(key)}`)
      expect(await record(outer, 'outer')).toMatchObject({ where: 'outer' })
      expect(await record(inner, 'inner')).toMatchObject({ where: 'inner' })
    })

    it('shares one store with the outer one', async () => {
      const store = new MemoryStore()
      const between: Middleware = (ctx, next) => {
        ctx.session.where = 'outer'
        return next()
      }
      const second = session({ store, key: 'inner' }) as Middleware
      await start({ store, key: 'outer', after: [between, second] }, { '/': count })
      expect([await text('/'), await text('/')]).toEqual(['1', '2'])
      expect(store.size).toBe(2)
    })

    it('ends and moves alone', async () => {
      const [outer, inner] = stores()
      const between: Middleware = (ctx, next) => {
        ctx.session.where = 'outer'
        return next()
      }
      const second = session({ store: inner, key: 'inner' }) as Middleware
      const routes: Routes = {
        '/': count,
        '/login': async (ctx) => {
          await ctx.regenerateSession({ keep: ['views'] })
        },
        '/logout': (ctx) => {
          ctx.session = null
        },
      }
      await start({ store: outer, key: 'outer', after: [between, second] }, routes)
      await browser.get('/')
      const [outerId, innerId] = [browser.jar.get('outer'), browser.jar.get('inner')]
      expect(names((await browser.get('/login')).cookies)).toEqual(['inner', 'inner.sig'])
      expect(browser.jar.get('inner')).not.toBe(innerId)
      expect(await text('/')).toBe('2')
      expect(names((await browser.get('/logout')).cookies)).toEqual(['inner', 'inner.sig'])
      expect(browser.jar.get('outer')).toBe(outerId)
      expect(await outer.get(`koa:sess:${outerId}`)).toMatchObject({ where: 'outer' })
    })

    it('sends both cookies with an error', async () => {
      const [outer, inner] = stores()
      const between: Middleware = (ctx, next) => {
        ctx.session.where = 'outer'
        return next()
      }
      const second = session({ store: inner, key: 'inner' }) as Middleware
      const routes: Routes = {
        '/': (ctx) => {
          ctx.session.where = 'inner'
          ctx.throw(418, 'No tea today')
        },
      }
      await start({ store: outer, key: 'outer', after: [between, second] }, routes)
      const { status, cookies } = await browser.get('/')
      expect(status).toBe(418)
      expect(new Set(names(cookies))).toEqual(new Set(['outer', 'outer.sig', 'inner', 'inner.sig']))
    })

    it('does not take the id that was set for the outer one', async () => {
      const [outer, inner] = stores()
      const preset: Middleware = (ctx, next) => {
        const id = ctx.get('x-session')
        if (id) ctx.sessionId = id
        return next()
      }
      const second = session({ store: inner, key: 'inner' }) as Middleware
      const between: Middleware = (ctx, next) => {
        ctx.session.where = 'outer'
        return next()
      }
      await start(
        { store: outer, key: 'outer', before: [preset], after: [between, second] },
        { '/': count },
      )
      await browser.get('/')
      const sent = { cookie: browser.cookie, 'x-session': String(browser.jar.get('outer')) }
      for (const views of ['2', '3']) expect((await browser.get('/', sent)).text).toBe(views)
    })
  })
})

describe('cookie.path', () => {
  const where: Middleware = (ctx) => {
    if (ctx.session) count(ctx)
    else ctx.body = 'no session'
  }

  it.each([
    ['/admin', ['/admin', '/admin/', '/admin/users', '/admin?page=1', '/admin/users?page=1']],
    ['/admin/', ['/admin/', '/admin/users']],
    ['/', ['/', '/admin', '//', '/?page=1']],
  ])('%s has a session in it, and sends it along', async (path, requests) => {
    await start({ cookie: { path }, after: [where] })
    let views = 0
    for (const each of requests) {
      const reply = await browser.get(each)
      expect(reply.text).toBe(String(++views))
      for (const line of reply.cookies) expect(line).toContain(`; path=${path};`)
    }
  })

  it.each([
    [
      '/admin',
      ['/administrator', '/admin-old/users', '/', '/Admin', '/x/admin', '/admi', '/admin%2Fusers'],
    ],
    ['/admin/', ['/admin', '/administrator', '/admin?x=/admin/']],
  ])('%s has none outside of it, before and after there is one', async (path, requests) => {
    const { store, calls } = counted(new MemoryStore())
    await start({ store, cookie: { path }, after: [where] })
    for (const each of requests) {
      const reply = await browser.get(each)
      expect([each, reply.text, reply.cookies]).toEqual([each, 'no session', []])
    }
    expect(await text('/admin/')).toBe('1')
    calls.length = 0
    for (const each of requests) {
      const reply = await browser.get(each)
      expect([each, reply.text, reply.cookies]).toEqual([each, 'no session', []])
    }
    expect(calls).toEqual([])
    expect(await text('/admin/')).toBe('2')
  })

  it('goes by what the browser asked for, not by what a router made of it', async () => {
    const mount: Middleware = (ctx, next) => {
      ctx.path = ctx.path.replace(/^\/admin/, '') || '/'
      return next()
    }
    await start({ cookie: { path: '/admin' }, before: [mount], after: [where] })
    expect([await text('/admin/users'), await text('/users'), await text('/admin')]).toEqual([
      '1',
      'no session',
      '2',
    ])
  })

  it('keeps two areas of one app apart under one cookie name', async () => {
    const store = new MemoryStore()
    const router = new Router()
    router.use('/shop', session({ store, cookie: { path: '/shop' } }) as Middleware)
    router.use('/admin', session({ store, cookie: { path: '/admin' } }) as Middleware)
    router.get(['/shop', '/admin'], count)
    await start({ key: 'other', after: [router.routes() as Middleware] })
    const admin = site.browser()
    expect([await text('/shop'), await text('/shop')]).toEqual(['1', '2'])
    expect((await admin.get('/admin')).text).toBe('1')
    expect(store.size).toBe(2)
  })
})
