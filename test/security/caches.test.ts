import { once } from 'node:events'
import { connect, createServer, type IncomingHttpHeaders } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { Middleware } from 'koa'
import { afterEach, describe, expect, test } from 'vitest'
import { MemoryStore } from '../../src/index.js'
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

const USES: Routes = {
  read: (ctx) => ({ ...ctx.session }),
  write: (ctx) => {
    ctx.session.x = (ctx.session.x ?? 0) + 1
  },
  id: (ctx) => ctx.sessionId,
}

/** What a handler does to the answer once it used the session. */
const ANSWERS: Routes = {
  'ctx.throw(404)': (ctx) => ctx.throw(404),
  'an error': () => {
    throw new Error('of the handler')
  },
  writeHead: async (ctx) => {
    await ctx.saveSession()
    ctx.respond = false
    ctx.res.writeHead(200, { 'content-type': 'text/plain', vary: 'Accept' }).end('done')
  },
  'writeHead without a save': (ctx) => {
    ctx.respond = false
    ctx.res.writeHead(200).end('done')
  },
  flushHeaders: async (ctx) => {
    await ctx.saveSession()
    ctx.respond = false
    ctx.flushHeaders()
    ctx.res.end('done')
  },
  'a first write': async (ctx) => {
    await ctx.saveSession()
    ctx.respond = false
    ctx.res.write('do')
    ctx.res.end('ne')
  },
  'headers that are dropped': (ctx) => {
    for (const name of ctx.res.getHeaderNames()) ctx.remove(name)
    ctx.body = 'done'
  },
}

const KINDS = Object.keys(USES).flatMap((use) =>
  Object.keys(ANSWERS).map((answer): [string, string] => [use, answer]),
)

const HANDLERS: Routes = Object.fromEntries(
  KINDS.map(([use, answer]) => [
    path(use, answer),
    async (ctx) => {
      await USES[use]?.(ctx)
      return ANSWERS[answer]?.(ctx)
    },
  ]),
)

function path(use: string, answer: string): string {
  return `/${use}-${answer.replace(/\W/g, '')}`
}

describe('C7: however the answer goes out', () => {
  const isGuarded = ({ 'cache-control': control, vary }: IncomingHttpHeaders) =>
    expect([control, String(vary).split(', ')]).toEqual([
      'private',
      expect.arrayContaining(['Cookie']),
    ])

  test.each(KINDS)('%s, then %s', async (use, answer) => {
    site = await serve(HANDLERS)
    const { headers } = await site.browser().get(path(use, answer))
    isGuarded(headers)
  })

  test.each(KINDS)('%s, then %s, over HTTP/2', async (use, answer) => {
    site = await serve(HANDLERS)
    isGuarded(await askOverHttp2(site, path(use, answer)))
  })

  test('an error page that a middleware above makes', async () => {
    const page: Middleware = async (ctx, next) => {
      await next().catch(() => {
        for (const name of ctx.res.getHeaderNames()) ctx.remove(name)
        ctx.status = 500
        ctx.body = 'sorry'
      })
    }
    site = await serve(HANDLERS, { before: [page] })
    const reply = await site.browser().get(path('write', 'an error'))
    expect([reply.text, reply.cookies.length]).toEqual(['sorry', 2])
    isGuarded(reply.headers)
  })

  test('an error page that shows the user', async () => {
    const page: Middleware = async (ctx, next) => {
      await next()
      if (ctx.status === 404) ctx.body = `${ctx.session.name} found nothing`
    }
    site = await serve({}, { before: [page] })
    isGuarded((await site.browser().get('/nothing')).headers)
  })

  test('an error that has nothing to do with the session is left alone', async () => {
    site = await serve({ '/throw': (ctx) => ctx.throw(404) })
    const { headers } = await site.browser().get('/throw')
    expect([headers['cache-control'], headers.vary]).toEqual([undefined, undefined])
  })

  test('an error says of caching what its own headers say', async () => {
    site = await serve({
      '/throw': (ctx) => {
        ctx.session.x = 1
        ctx.throw(503, 'later', { headers: { 'Cache-Control': 'no-store', Vary: 'Accept' } })
      },
    })
    const { headers } = await site.browser().get('/throw')
    expect([headers['cache-control'], headers.vary]).toEqual(['no-store', 'Accept, Cookie'])
  })

  test('with the cookie, and not later', async () => {
    let seen: unknown
    site = await serve({
      '/save': async (ctx) => {
        ctx.session.x = 1
        await ctx.saveSession()
        seen = [ctx.response.get('Cache-Control'), ctx.response.get('Vary')]
      },
    })
    await site.browser().get('/save')
    expect(seen).toEqual(['private', 'Cookie'])
  })
})

describe('rolling beside an answer for shared caches', () => {
  const HOUR = 3_600_000

  async function start(cacheControl: string, options: SiteOptions = {}) {
    let time = 1_800_000_000_000
    const now = () => time
    const routes: Routes = {
      ...ROUTES,
      '/file': (ctx) => {
        ctx.set('Cache-Control', cacheControl)
      },
      '/touch': (ctx) => {
        ctx.set('Cache-Control', cacheControl)
        ctx.session.touch()
      },
    }
    const cookie = { maxAge: HOUR }
    const store = new MemoryStore({ now })
    site = await serve(routes, { cookie, rolling: true, now, store, ...options })
    const user = site.browser()
    await user.get('/set')
    return { user, pass: (ms: number) => (time += ms) }
  }

  test.each([
    'public, max-age=31536000',
    'public',
    'max-age=60',
    's-maxage=60, max-age=0',
    'Max-Age="060", immutable',
    'public, no-cache',
  ])('%s: no cookie is sent', async (cacheControl) => {
    const { user } = await start(cacheControl)
    const reply = await user.get('/file')
    expect([reply.cookies, reply.headers['cache-control']]).toEqual([[], cacheControl])
    expect((await user.get('/nothing')).cookies).toHaveLength(2)
  })

  test.each([
    'private, max-age=60',
    'no-store',
    'no-cache',
    'max-age=0',
    'max-age=60, no-cache',
    'x-public',
  ])('%s: the cookie is sent', async (cacheControl) => {
    const { user } = await start(cacheControl)
    expect((await user.get('/file')).cookies).toHaveLength(2)
  })

  test('renew sends none either, and extends nothing', async () => {
    const { user, pass } = await start('public', { renew: 0.5 })
    pass(HOUR - 1000)
    expect((await user.get('/file')).cookies).toEqual([])
    pass(1000)
    expect((await user.get('/read')).json()).toEqual({})
  })

  test('nothing is extended in the store either', async () => {
    const { user, pass } = await start('public', { ttl: HOUR, cookie: {} })
    for (let files = 0; files < 3; files++) {
      pass(HOUR / 4)
      await user.get('/file')
    }
    pass(HOUR / 4)
    expect((await user.get('/read')).json()).toEqual({})
  })

  test('a handler that asks for it gets it', async () => {
    const { user } = await start('public')
    expect((await user.get('/touch')).cookies).toHaveLength(2)
  })
})

async function askOverHttp2({ app }: Site, path: string): Promise<IncomingHttpHeaders> {
  const server = createServer(app.callback()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  try {
    const stream = client.request({ ':path': path })
    const [headers] = await once(stream, 'response')
    stream.resume()
    await once(stream, 'end')
    return headers
  } finally {
    client.close()
    server.close()
  }
}
