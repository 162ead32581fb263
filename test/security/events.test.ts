import { type ChannelListener, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MemoryStore, type SessionNotice, type SessionStore } from '../../src/index.js'
import { FaultyStore } from '../../src/testing.js'
import { EVENTS } from '../../src/util/events.js'
import { BASICS, type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

const START = 1_800_000_000_000
const ENCRYPTION = { keys: ['a secret of thirty-two bytes or more'] }

let time = START
const now = () => time
const sites: Site[] = []
let told: SessionNotice[] = []
const listener: ChannelListener = (message) => told.push(message as SessionNotice)
beforeEach(() => {
  time = START
  told = []
  for (const name of EVENTS) subscribe(`koa-sess:${name}`, listener)
})
afterEach(async () => {
  for (const name of EVENTS) unsubscribe(`koa-sess:${name}`, listener)
  for (const site of sites.splice(0)) await site.close()
})

const ROUTES: Routes = {
  ...BASICS,
  '/login': (ctx) => {
    ctx.regenerateSession()
    ctx.session.user = 'ada'
  },
  '/stream': async (ctx) => {
    ctx.respond = false
    ctx.res.end('done')
    ctx.session.late = 1
  },
}

async function start(options: SiteOptions = {}) {
  const store = options.store ?? new MemoryStore({ now })
  const site = await serve(ROUTES, { now, ...options, store })
  sites.push(site)
  return { site, user: site.browser(), store }
}

const names = () => told.splice(0).map(({ event, why }) => (why ? `${event}: ${why}` : event))

describe('X3: events report the life of a session, with a salted hash of its id', () => {
  test('create, renew, regenerate, destroy', async () => {
    const { user } = await start({ rolling: true })
    await user.get('/set')
    const id = user.jar.get('koa.sid')
    await user.get('/read')
    await user.get('/login')
    const next = user.jar.get('koa.sid')
    await user.get('/logout')
    expect(told.map(({ event }) => event)).toEqual(['create', 'renew', 'regenerate', 'destroy'])
    const [create, renew, regenerate, destroy] = told
    expect(create).toEqual({ event: 'create', key: 'koa.sid', session: expect.any(String) })
    expect(create?.session).toMatch(/^[\w-]{16}$/)
    expect(renew?.session).toBe(create?.session)
    expect(regenerate?.before).toBe(create?.session)
    expect(destroy?.session).toBe(regenerate?.session)
    expect(destroy?.session).not.toBe(create?.session)
    const text = inspect(told)
    expect(text).not.toContain(id)
    expect(text).not.toContain(next)
  })

  test('a write is no renewal, and a visit without a session is nothing', async () => {
    const { user } = await start({ rolling: true })
    await user.get('/read')
    await user.get('/set')
    await user.get('/set')
    expect(names()).toEqual(['create'])
  })

  test('expire, and each reason to refuse a cookie', async () => {
    const store = new MemoryStore({ now })
    const options = { store, absoluteTimeout: 1000, ttl: 100_000, digest: 'sha256' as const }
    const { user } = await start(options)
    await user.get('/set')
    const { cookie } = user
    const id = user.jar.get('koa.sid')
    names()
    const refusals: [string, Record<string, string>][] = [
      ['shape', { cookie: 'koa.sid=../../x; koa.sid.sig=x' }],
      ['signature', { cookie: `koa.sid=${id}` }],
      ['signature', { cookie: `koa.sid=${id}; koa.sid.sig=${'A'.repeat(43)}` }],
    ]
    for (const [why, headers] of refusals) {
      await user.get('/read', headers)
      expect(told).toEqual([{ event: 'reject', key: 'koa.sid', why }])
      names()
    }
    const unreadable = await start({ ...options, encryption: ENCRYPTION })
    await unreadable.user.get('/read', { cookie })
    expect(names()).toEqual(['reject: decrypt'])
    const picky = await start({ ...options, valid: () => false })
    await picky.user.get('/read', { cookie })
    expect(names()).toEqual(['reject: invalid'])
    time += 500
    const shorter = await start({ ...options, absoluteTimeout: 500 })
    await shorter.user.get('/read', { cookie })
    expect(names()).toEqual(['expire', 'reject: expired'])
    time += 20_000
    await user.get('/read', { cookie })
    expect(names()).toEqual(['reject: unknown'])
    await user.get('/set')
    const later = user.cookie
    await user.get('/logout')
    names()
    await user.get('/read', { cookie: later })
    expect(names()).toEqual(['reject: superseded'])
  })

  test('a record that is none is refused as invalid', async () => {
    const store: SessionStore = {
      load: () => '[]',
      create: () => true,
      replace: () => ({ ok: true }),
      touch: () => true,
      destroy: () => true,
    }
    const { user } = await start({ store, cookie: { signed: false } })
    await user.get('/read', { cookie: 'koa.sid=0123456789abcdef' })
    expect(names()).toEqual(['reject: invalid'])
  })

  test('conflict, gone and unsent', async () => {
    const memory = new MemoryStore({ now })
    const store = new FaultyStore(memory)
    const { user } = await start({ store })
    await user.get('/set')
    names()
    const setMeanwhile = async (act: (key: string) => void) => {
      const write = store.hold('replace')
      const reply = user.get('/set')
      act((await write.arrived).key)
      write.release()
      await reply
    }
    await setMeanwhile((key) => {
      const value = memory.load(key) ?? ''
      memory.replace(key, value, value.replace('{', '{"y":1,'), START + 60_000)
    })
    expect(names()).toEqual(['conflict'])
    await setMeanwhile((key) => memory.destroy(key))
    expect(names()).toEqual(['gone'])
    await site().browser().get('/stream')
    await expect.poll(() => told.length).toBe(1)
    expect(names()).toEqual(['unsent'])
  })

  test('a common eventSalt makes the hashes of processes agree, a random one does not', async () => {
    const store = new MemoryStore({ now })
    const seen = new Set<string | undefined>()
    const { user } = await start({ store })
    await user.get('/set')
    const { cookie } = user
    for (const eventSalt of ['common', 'common', undefined, undefined]) {
      const { user: other } = await start({ store, eventSalt, rolling: true })
      told = []
      await other.get('/read', { cookie })
      seen.add(told[0]?.session)
    }
    expect(seen.size).toBe(3)
  })

  test('on the app, with the context, and under the names of koa-session too', async () => {
    const { user, site } = await start()
    const heard: string[] = []
    for (const name of ['create', 'reject', 'missed']) {
      site.app.on(`session:${name}`, ({ ctx, event, why, session }) => {
        heard.push(`${name} ${event} ${why} ${ctx.path} ${session?.length}`)
      })
    }
    await user.get('/set')
    await user.get('/logout')
    time += 20_000
    const { cookie } = user
    expect(cookie).toBe('')
    const stranger = await start()
    await stranger.user.get('/set')
    await user.get('/read', { cookie: stranger.user.cookie })
    expect(heard).toEqual([
      'create create undefined /set 16',
      'reject reject unknown /read 16',
      'missed reject unknown /read 16',
    ])
  })
})

function site(): Site {
  return sites[0] as Site
}
