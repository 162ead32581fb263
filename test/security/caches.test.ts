import { afterEach, describe, expect, test } from 'vitest'
import { type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

const ROUTES: Routes = {
  '/nothing': () => undefined,
  '/read': async (ctx) => ({ ...(await ctx.session) }),
  '/in': async (ctx) => 'x' in (await ctx.session),
  '/set': async (ctx) => {
    const current = await ctx.session
    current.x = 1
  },
  '/end': (ctx) => {
    ctx.session = null
  },
  '/own': async (ctx) => {
    ctx.set('Cache-Control', 'no-store')
    ctx.set('Vary', 'Accept-Language')
    return { ...(await ctx.session) }
  },
}

let site: Site
afterEach(() => site.close())

describe.each([false, true])('C7: shared caches (defer: %s)', (defer) => {
  async function start(options: SiteOptions = {}) {
    site = await serve(ROUTES, { defer, ...options })
    const user = site.browser()
    return async (path: string) => {
      const { headers } = await user.get(path)
      return [headers['cache-control'], headers.vary]
    }
  }
  const GUARDED = ['private', 'Cookie']
  const OPEN = [undefined, undefined]

  test.each([
    '/read',
    '/in',
    '/set',
    '/end',
  ])('%s is not stored by shared caches, with a session or without', async (path) => {
    const get = await start()
    expect(await get(path)).toEqual(GUARDED)
    await get('/set')
    expect(await get(path)).toEqual(GUARDED)
  })

  test('an answer that has nothing to do with it is left alone', async () => {
    const get = await start()
    expect(await get('/nothing')).toEqual(OPEN)
    await get('/set')
    expect(await get('/nothing')).toEqual(OPEN)
  })

  test('what the handler says of caching stands', async () => {
    const get = await start()
    expect(await get('/own')).toEqual(['no-store', 'Accept-Language, Cookie'])
  })

  test('rolling that sends a cookie guards it', async () => {
    const get = await start({ rolling: true })
    await get('/set')
    expect(await get('/nothing')).toEqual(defer ? OPEN : GUARDED)
  })

  test('privateCache false turns it off', async () => {
    const get = await start({ privateCache: false })
    expect(await get('/set')).toEqual(OPEN)
    expect(await get('/own')).toEqual(['no-store', 'Accept-Language'])
  })
})
