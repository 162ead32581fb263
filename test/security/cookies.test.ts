import Keygrip from 'keygrip'
import { afterEach, describe, expect, test } from 'vitest'
import { cookieValues } from '../../src/cookie/header.js'
import session, { MemoryStore } from '../../src/index.js'
import { BASICS, type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

const DAY = 86_400_000

const sites: Site[] = []
const warnings: string[] = []
const note = (warning: Error) => warnings.push(String(Reflect.get(warning, 'code')))
process.on('warning', note)
afterEach(async () => {
  for (const site of sites.splice(0)) await site.close()
})

async function start(options: SiteOptions = {}, proxy = false) {
  const site = await serve(BASICS, options)
  site.app.proxy = proxy
  sites.push(site)
  return site
}

/** Warnings are emitted in a later turn of the event loop. */
async function warned(): Promise<string[]> {
  await new Promise((resolve) => setImmediate(resolve))
  return warnings.splice(0).filter((code) => code.startsWith('KOA_SESS'))
}

describe('C4: sizes and ages', () => {
  test.each<[string, object]>([
    ['800 days', { cookie: { maxAge: 800 * DAY } }],
    ['a fixed end in 800 days', { cookie: { expires: new Date(Date.now() + 800 * DAY) } }],
    ['a name that leaves no room for an id', { key: 'k'.repeat(257) }],
  ])('%s: refused at construction', (_, options) => {
    expect(() => session(options)).toThrow(expect.objectContaining({ name: 'SessionError' }))
  })

  test('400 days are accepted, and a user’s own later end is cut to them', async () => {
    session({ cookie: { maxAge: 400 * DAY } })
    session({ cookie: { expires: new Date(Date.now() + 399 * DAY) }, key: 'k'.repeat(256) })
    const now = () => 1_800_000_000_000
    const site = await serve(
      {
        '/own': (ctx) => {
          ctx.session.x = 1
          ctx.session.cookie.expires = new Date(now() + 800 * DAY)
        },
      },
      { now, store: new MemoryStore({ now }) },
    )
    sites.push(site)
    const [line] = (await site.browser().get('/own')).cookies
    expect(line).toContain(`expires=${new Date(now() + 400 * DAY).toUTCString()}`)
  })
})

test('T5: a session that says signed: false of its own cookie is signed all the same', async () => {
  const site = await serve({
    ...BASICS,
    '/unsigned': (ctx) => {
      ctx.session.x = 1
      ctx.session.cookie.signed = false
    },
  })
  const user = site.browser()
  await user.get('/unsigned')
  const read = await user.get('/read')
  await site.close()
  expect(read.json()).toEqual({ x: 1 })
})

describe('Y1: secure as the connection is', () => {
  test('auto follows TLS, and says once when a cookie goes out without it', async () => {
    const site = await start({ cookie: { secure: 'auto' } }, true)
    const secure = { 'x-forwarded-proto': 'https' }
    expect((await site.browser().get('/set', secure)).cookies[0]).toContain('; secure')
    expect(await warned()).toEqual([])
    for (let count = 0; count < 2; count++)
      expect((await site.browser().get('/set')).cookies[0]).not.toContain('secure')
    expect(await warned()).toEqual(['KOA_SESS_INSECURE_COOKIE'])
  })

  test('by default it is said when TLS was spoken before, or a proxy claims it', async () => {
    const site = await start({}, true)
    await site.browser().get('/set')
    expect(await warned()).toEqual([])
    await site.browser().get('/set', { 'x-forwarded-proto': 'https' })
    await site.browser().get('/set')
    expect(await warned()).toEqual(['KOA_SESS_INSECURE_COOKIE'])
    const behind = await start()
    const reply = await behind.browser().get('/set', { 'x-forwarded-proto': 'https' })
    expect(reply.cookies[0]).not.toContain('secure')
    expect(await warned()).toEqual(['KOA_SESS_INSECURE_COOKIE'])
  })

  test('who sets secure to false means it', async () => {
    const site = await start({ cookie: { secure: false } })
    await site.browser().get('/set', { 'x-forwarded-proto': 'https' })
    expect(await warned()).toEqual([])
  })

  test('one user’s cookie can follow the connection where the others must be secure', async () => {
    const routes: Routes = {
      '/set': (ctx) => {
        ctx.session.x = 1
        ctx.session.cookie.secure = 'auto'
      },
      '/touch': (ctx) => void ctx.session.touch(),
    }
    const site = await serve(routes, { cookie: { secure: true } })
    sites.push(site)
    const user = site.browser()
    expect((await user.get('/set')).status).toBe(200)
    expect((await user.get('/touch')).cookies).toHaveLength(2)
    await warned()
  })
})

describe('T5: the quality and number of keys', () => {
  test.each([
    [[]],
    [['']],
    [['8 bytes!']],
    [['short', 'a good long secret']],
    [Array.from({ length: 1000 }, (_, at) => `a good long secret ${at}`)],
    [[12_345_678_901]],
    [[['a good long secret']]],
    [undefined],
  ])('%j is refused before anything is stored', async (keys) => {
    const store = new MemoryStore()
    const site = await start({ store })
    Reflect.set(site.app, 'keys', keys)
    const reply = await site.browser().get('/set')
    expect([reply.status, reply.cookies, store.size]).toEqual([500, [], 0])
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_KEYS' }])
  })

  test('a first key that can be guessed is refused at the first request, and the message says the mend', async () => {
    const site = await start({ keys: ['keys', 'keykeys'], defer: true })
    expect((await site.browser().get('/nothing')).status).toBe(500)
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_KEYS' }])
    expect(site.errors[0]?.message).toMatch(
      /first key .* in front of it, and leave the short keys behind it/,
    )
  })

  test.each([
    [['keys', 'keykeys'], 'keys'],
    [['keys', 'keykeys'], 'keykeys'],
  ])('%j behind a strong key: what %s signed is accepted, and signed anew', async (short, by) => {
    const store = new MemoryStore()
    const id = 'an-id-of-a-drop-in-user-0123'
    await store.create(`koa:sess:${id}`, '{"x":1}', Date.now() + DAY)
    const site = await start({ store, keys: ['a strong secret of thirty-two bytes', ...short] })
    const user = site.browser()
    user.jar.set('koa.sid', id)
    user.jar.set('koa.sid.sig', new Keygrip([by]).sign(`koa.sid=${id}`))
    const reply = await user.get('/read')
    expect([reply.json(), reply.cookies.length]).toEqual([{ x: 1 }, 2])
    const next = await user.get('/read')
    expect([next.json(), next.cookies]).toEqual([{ x: 1 }, []])
    await warned()
  })

  test('a weak key is warned of; a Keygrip is taken as it is', async () => {
    await warned()
    await (await start({ keys: ['i like turtle'] })).browser().get('/set')
    expect(await warned()).toEqual(['KOA_SESS_WEAK_KEY'])
    const site = await start({ keys: new Keygrip(['short']) })
    expect((await site.browser().get('/set')).status).toBe(200)
    expect(await warned()).toEqual([])
  })
})

describe('readKeys', () => {
  async function renamed(options: SiteOptions = {}) {
    const store = new MemoryStore()
    const older = await start({ store, key: 'old.sid' })
    const user = older.browser()
    await user.get('/set')
    const site = await start({ store, key: 'sid', readKeys: ['older.sid', 'old.sid'], ...options })
    const next = site.browser()
    for (const [name, value] of user.jar) next.jar.set(name, value)
    return { older, next, id: user.jar.get('old.sid'), store }
  }

  test('a session under an older name goes on, and is sent under the new one at once', async () => {
    const { next, id } = await renamed()
    const reply = await next.get('/read')
    expect(reply.json()).toEqual({ x: 1 })
    expect(reply.cookies.map((line) => line.split('=')[0])).toEqual(['sid', 'sid.sig'])
    expect(next.jar.get('sid')).toBe(id)
    expect((await next.get('/read')).cookies).toEqual([])
    next.jar.delete('old.sid')
    expect((await next.get('/read')).json()).toEqual({ x: 1 })
  })

  test('a server that knows the older name alone still serves it', async () => {
    const { next, older } = await renamed()
    await next.get('/set')
    const back = older.browser()
    expect((await back.get('/read', { cookie: next.cookie })).json()).toEqual({ x: 2 })
  })

  test('logout clears the older name as well', async () => {
    const { next } = await renamed()
    const { cookies } = await next.get('/logout')
    expect(cookies.map((line) => line.split('=')[0]).sort()).toEqual([
      'old.sid',
      'old.sid.sig',
      'sid',
      'sid.sig',
    ])
    expect(next.cookie).toBe('')
  })

  test('the signature of one name is none of another', async () => {
    const { next, id } = await renamed()
    const signature = next.jar.get('old.sid.sig')
    for (const name of ['sid', 'older.sid']) {
      const cookie = `${name}=${id}; ${name}.sig=${signature}`
      expect((await next.get('/read', { cookie })).json()).toEqual({})
    }
  })

  test.each([['old.sid'], [[5]], [['a b']]])('%j is refused', (readKeys) => {
    expect(() => session({ readKeys: readKeys as string[] })).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_OPTION' }),
    )
  })
})

test('L3: what stands behind 64 Ki of a Cookie header is not looked at', () => {
  const filler = 'a=b; '.repeat(13_107)
  expect(cookieValues(`${filler}sid=1`, 'sid')).toEqual([])
  expect(cookieValues(`${filler.slice(0, -10)}sid=1`, 'sid')).toEqual(['1'])
})
