import { inspect } from 'node:util'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, inject, test } from 'vitest'
import session, { MemoryStore } from '../../src/index.js'
import { RedisStore } from '../../src/stores/redis/store.js'
import { type Site, serve } from '../support/site.js'

const SECRET = 'what-nobody-may-read'
let site: Site
afterEach(() => site.close())

/** Everything that a logger might be handed. */
const show = (thing: unknown) => inspect(thing, { depth: 20, showHidden: true })

describe('X2: nothing shows an id, a cookie or data', () => {
  test('util.inspect of the public objects', async () => {
    const shown: string[] = []
    const store = new MemoryStore()
    const middleware = session({ store })
    site = await serve(
      {
        '/': (ctx) => {
          ctx.session.secret = SECRET
          ctx.session.cookie.maxAge = 60_000
        },
        '/show': (ctx) => {
          const { session: current, sessionStore } = ctx
          shown.push(show(current), show(sessionStore), show(store), show(middleware))
          shown.push(`${current}`)
        },
      },
      { store },
    )
    const user = site.browser()
    await user.get('/')
    await user.get('/show')
    expect(shown[0]).toBe('Session { 1 keys }')
    expect(shown).toHaveLength(5)
    for (const text of shown) {
      expect(text).not.toContain(SECRET)
      expect(text).not.toContain(user.jar.get('koa.sid'))
    }
  })

  test('errors of a real Redis, with all that hangs on them', async () => {
    const client = new Redis(inject('redisUrl'))
    const store = new RedisStore({ client })
    const prefix = 'wrong:kind:'
    site = await serve(
      {
        '/': (ctx) => {
          ctx.session.secret = SECRET
        },
        '/read': (ctx) => ({ ...ctx.session }),
      },
      { store, prefix },
    )
    const user = site.browser()
    await user.get('/')
    const id = user.jar.get('koa.sid')
    await client.del(prefix + id)
    await client.lpush(prefix + id, 'a list is no session')
    expect((await user.get('/read')).status).toBe(500)
    await client.del(prefix + id)
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_STORE' }])
    expect(String(site.errors[0]?.cause)).toContain('WRONGTYPE')
    expect(show(site.errors)).not.toContain(id)
    expect(show(site.errors)).not.toContain(SECRET)
    store.close()
    await client.quit()
  })
})
