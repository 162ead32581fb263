import Keygrip from 'keygrip'
import { afterEach, describe, expect, test } from 'vitest'
import type { Digest } from '../../src/cookie/signature.js'
import session, { MemoryStore } from '../../src/index.js'
import { type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

const ROUTES: Routes = {
  '/read': (ctx) => ({ ...ctx.session }),
  '/set': (ctx) => {
    ctx.session.x = 1
  },
  '/touch': (ctx) => void ctx.session.touch(),
}

const sites: Site[] = []
afterEach(async () => {
  for (const site of sites.splice(0)) await site.close()
})

async function start(options: SiteOptions) {
  const site = await serve(ROUTES, options)
  sites.push(site)
  return site
}

describe('keys in rotation', () => {
  test('T3: a cookie of an older key is signed anew, both lines with all attributes', async () => {
    const store = new MemoryStore()
    const cookie = { maxAge: 60_000, domain: 'a.example', sameSite: 'strict' as const, path: '/' }
    const old = await start({ store, cookie, keys: ['an old key'] })
    const user = old.browser()
    await user.get('/set')
    const site = await start({ store, cookie, keys: ['a new key', 'an old key'] })
    const reply = await user.get(`${site.origin}/read`)
    expect(reply.json()).toEqual({ x: 1 })
    expect(reply.cookies).toHaveLength(2)
    for (const line of reply.cookies) {
      expect(line).toMatch(
        /; path=\/; expires=[^;]+; domain=a\.example; samesite=strict; httponly$/,
      )
    }
    expect((await user.get(`${site.origin}/read`)).cookies).toEqual([])
  })

  const OLD = 'the key of today, long enough'
  const NEW = 'the key of tomorrow, long enough'

  /** One user is served by two servers in turn, as during a deploy from the one to the other. */
  async function deploy(before: SiteOptions, after: SiteOptions) {
    const store = new MemoryStore()
    const servers = [await start({ store, ...before }), await start({ store, ...after })]
    const user = (servers[0] ?? expect.fail()).browser()
    await user.get('/set')
    const seen: unknown[] = []
    for (let turn = 0; turn < 6; turn++) {
      const { origin } = servers[turn % 2] ?? expect.fail()
      seen.push((await user.get(`${origin}/read`)).json())
    }
    return seen
  }
  const STAYED = Array.from({ length: 6 }, () => ({ x: 1 }))

  test.each<[string, SiteOptions, SiteOptions]>([
    ['app.keys, the new key behind', { keys: [OLD] }, { keys: [OLD, NEW] }],
    ['app.keys, the new key in front', { keys: [OLD, NEW] }, { keys: [NEW, OLD] }],
    ['app.keys, the old key dropped', { keys: [NEW, OLD] }, { keys: [NEW] }],
    ['SHA-256 accepted', {}, { digest: { accept: 'sha256' } }],
    ['SHA-256 signs', { digest: { accept: 'sha256' } }, { digest: 'sha256' }],
  ])('a rolling deploy logs no user out: %s', async (_, before, after) => {
    expect(await deploy(before, after)).toEqual(STAYED)
  })

  test('without the first phase, an old server refuses what a new one signed', async () => {
    expect(await deploy({ keys: [OLD] }, { keys: [NEW, OLD] })).not.toEqual(STAYED)
    expect(await deploy({}, { digest: 'sha256' })).not.toEqual(STAYED)
  })
})

describe('digest sha256', () => {
  const store = new MemoryStore()
  const time = Date.now()

  async function withOldCookie(options: SiteOptions) {
    const old = await start({ store })
    const user = old.browser()
    await user.get('/set')
    expect(user.jar.get('koa.sid.sig')).toHaveLength(27)
    const site = await start({ store, ...options })
    return { user, read: () => user.get(`${site.origin}/read`) }
  }

  test('signs with it, and takes over what was signed before', async () => {
    const { user, read } = await withOldCookie({ digest: 'sha256' })
    const reply = await read()
    expect([reply.json(), reply.cookies.length]).toEqual([{ x: 1 }, 2])
    expect(user.jar.get('koa.sid.sig')).toHaveLength(43)
    const next = await read()
    expect([next.json(), next.cookies]).toEqual([{ x: 1 }, []])
  })

  test('until a day that can be set', async () => {
    const before = await withOldCookie({ digest: { sha1Until: new Date(time + 60_000) } })
    expect((await before.read()).json()).toEqual({ x: 1 })
    const after = await withOldCookie({ digest: { sha1Until: new Date(time - 1) } })
    expect((await after.read()).json()).toEqual({})
  })

  test('T4: nothing weaker is accepted: cut, empty, or of another digest', async () => {
    const site = await start({ store, digest: { sha1Until: new Date(time - 1) } })
    const user = site.browser()
    await user.get('/set')
    const [sid, signature = ''] = [user.jar.get('koa.sid'), user.jar.get('koa.sid.sig')]
    const sha1 = new Keygrip(['a secret of the tests']).sign(`koa.sid=${sid}`)
    for (const forged of [signature.slice(0, 27), signature.slice(1), '', sha1, `${signature}=`]) {
      const cookie = `koa.sid=${sid}; koa.sid.sig=${forged}`
      expect((await user.get('/read', { cookie })).json()).toEqual({})
    }
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
  })

  test('T2: a signature holds for the cookie that it was made for, and no other', async () => {
    const one = await start({ store, key: 'one.sid' })
    const two = await start({ store, key: 'two.sid' })
    const user = one.browser()
    await user.get('/set')
    const sid = user.jar.get('one.sid')
    const signature = user.jar.get('one.sid.sig')
    const cookie = `two.sid=${sid}; two.sid.sig=${signature}`
    expect((await user.get(`${two.origin}/read`, { cookie })).json()).toEqual({})
  })

  test('a first phase accepts it, and goes on to sign with SHA-1', async () => {
    const [first, second] = [
      await start({ store, digest: { accept: 'sha256' } }),
      await start({ store, digest: 'sha256' }),
    ]
    const user = first.browser()
    await user.get('/set')
    expect(user.jar.get('koa.sid.sig')).toHaveLength(27)
    // A server of the next phase signs it anew.
    await user.get(`${second.origin}/read`)
    expect(user.jar.get('koa.sid.sig')).toHaveLength(43)
    const reply = await user.get(`${first.origin}/read`)
    expect([reply.json(), reply.cookies]).toEqual([{ x: 1 }, []])
    await user.get(`${first.origin}/touch`)
    expect((await user.get(`${second.origin}/read`)).json()).toEqual({ x: 1 })
  })

  test('a first phase accepts what each key signed with SHA-256, and nothing else', async () => {
    const digest = { accept: 'sha256' as const }
    const site = await start({ store, digest })
    const second = await start({ store, digest: 'sha256', keys: ['an older secret of the tests'] })
    const user = second.browser()
    await user.get('/set')
    const reply = await user.get(`${site.origin}/read`)
    expect([reply.json(), reply.cookies.length]).toEqual([{ x: 1 }, 2])
    const other = await start({ store, digest, keys: ['a key of other servers'] })
    expect((await user.get(`${other.origin}/read`)).json()).toEqual({})
  })

  test.each([
    {},
    { accept: 'sha1' },
    { accept: 'sha256', sha1Until: new Date() },
    { sha1Until: new Date(), other: 1 },
  ])('%j is refused as a digest', (digest) => {
    expect(() => session({ digest: digest as Digest })).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_OPTION' }),
    )
  })

  test('a Keygrip signs in its own way, so that both together are a clear error', async () => {
    const keys = new Keygrip(['a key'], 'sha256')
    const site = await start({ digest: 'sha256', keys })
    expect((await site.browser().get('/set')).status).toBe(500)
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_KEYS' }])
    const alone = await start({ keys })
    const user = alone.browser()
    await user.get('/set')
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
  })
})
