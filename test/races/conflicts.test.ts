import { afterEach, describe, expect, test } from 'vitest'
import { MemoryStore, type OnConflict, type SessionStore } from '../../src/index.js'
import { FaultyStore } from '../../src/testing.js'
import { type Opened, STRONG } from '../support/backends.js'
import { Player } from './player.js'
import { type StepsSite, serveSteps } from './steps.js'

let site: StepsSite
let user: Player
afterEach(async () => {
  user.close()
  await site.close()
})

async function start(options: Parameters<typeof serveSteps>[0]) {
  site = await serveSteps(options)
  user = new Player([site.origin], site.gates)
}

describe.each(STRONG.slice(0, 2))('two requests change the same key, on $name', ({ open }) => {
  let opened: Opened
  afterEach(() => opened.close())

  async function collide(onConflict: OnConflict | undefined) {
    opened = await open()
    await start({ store: opened.store, prefix: opened.prefix, onConflict })
    await user.do('set:k:base')
    const slow = await user.start('g', 'read,wait:g,set:k:slow,set:other:1')
    await user.do('set:k:fast')
    const reply = await slow.finish()
    return [reply.status, await user.read()]
  }

  test('the later write holds, if nothing else is said', async () => {
    expect(await collide(undefined)).toEqual([200, { k: 'slow', other: '1' }])
    expect(site.events).toEqual(['conflict'])
  })

  test('mine: the later write', async () => {
    expect(await collide('mine')).toEqual([200, { k: 'slow', other: '1' }])
  })

  test('theirs: the earlier one; other keys are kept', async () => {
    expect(await collide('theirs')).toEqual([200, { k: 'fast', other: '1' }])
  })

  test('throw: a clear error, a 409, and nothing of the later request', async () => {
    expect(await collide('throw')).toEqual([409, { k: 'fast' }])
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_CONFLICT', status: 409 }])
  })

  test('a function: what it returns, undefined deletes', async () => {
    const sides: unknown[] = []
    const join: OnConflict = (...each) => {
      sides.push(each)
      return each.slice(1).join('+')
    }
    expect(await collide(join)).toEqual([200, { k: 'base+fast+slow', other: '1' }])
    expect(sides).toEqual([['k', 'base', 'fast', 'slow']])
    await opened.close()
    user.close()
    await site.close()
    expect(await collide(() => undefined)).toEqual([200, { other: '1' }])
  })
})

describe('what a function onConflict returns', () => {
  const kept: [string, () => unknown][] = [
    ['a promise', () => Promise.resolve('both')],
    ['a function', () => () => 'both'],
    ['a BigInt', () => 1n],
  ]
  test.each(kept)('%s: the request fails, and the other write is kept', async (_, onConflict) => {
    await start({ onConflict })
    await user.do('set:k:base')
    const slow = await user.start('g', 'read,wait:g,set:k:slow')
    await user.do('set:k:fast')
    expect((await slow.finish()).status).toBe(500)
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_DATA' }])
    expect(await user.read()).toEqual({ k: 'fast' })
  })

  test('is not asked about the cookie: the later write is kept', async () => {
    const keys: string[] = []
    await start({
      onConflict: (key) => {
        keys.push(key)
        return undefined
      },
    })
    await user.do('set:k:base')
    const slow = await user.start('g', 'read,wait:g,age:3600000')
    await user.do('age:7200000')
    expect((await slow.finish()).status).toBe(200)
    expect(await user.read()).toEqual({ k: 'base' })
    expect(keys).toEqual([])
    const [line = ''] = (await user.do('set:k:next')).cookies
    const ends = Date.parse(/expires=([^;]*)/.exec(line)?.[1] ?? '')
    expect(ends - Date.now()).toBeLessThan(3_700_000)
  })
})

describe('a store where another write always comes first', () => {
  /** Each replace finds another value than the one before. */
  function contended(): { store: SessionStore; rounds(): number } {
    const memory = new MemoryStore()
    let rounds = 0
    const store = Object.assign(Object.create(memory), {
      load: memory.load.bind(memory),
      create: memory.create.bind(memory),
      touch: memory.touch.bind(memory),
      destroy: memory.destroy.bind(memory),
      replace: () => ({ ok: false, current: `{"round":${rounds++},"cookie":{"own":[]}}` }),
    })
    return { store, rounds: () => rounds }
  }

  test.each([
    'set:k:1',
    'update:n',
  ])('%s gives up in the end, with a clear error', async (steps) => {
    const { store, rounds } = contended()
    await start({ store })
    await user.do('set:a:0')
    const reply = await user.do(steps)
    expect(reply.status).toBe(409)
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_CONFLICT' }])
    expect(rounds()).toBeGreaterThan(100)
  })

  test('a logout wins all the same', async () => {
    const { store } = contended()
    await start({ store })
    await user.do('set:a:0')
    const { cookie } = user
    expect((await user.do('logout')).cookies).toHaveLength(2)
    expect(await user.read(cookie)).toEqual({})
  })
})

describe('tombstones', () => {
  const late = 'read,set:late:1'

  async function ended(steps: string, tombstone: number | undefined, rolling = false) {
    let time = 1_800_000_000_000
    const now = () => time
    const store = new MemoryStore({ now })
    await start({ store, now, tombstone, rolling })
    await user.do('set:a:0')
    const { cookie, id } = user
    await user.do(steps)
    return { cookie, id, store, pass: (ms: number) => (time += ms) }
  }

  test.each([
    'logout',
    'regenerate,set:user:ada',
  ])('after %s no session begins under the id for ten seconds', async (steps) => {
    const { cookie, pass } = await ended(steps, undefined)
    const { cookie: browser } = user
    pass(9_999)
    expect((await user.do(late, cookie)).cookies).toEqual([])
    expect(user.cookie).toBe(browser)
    pass(1)
    expect((await user.do(late, cookie)).cookies).toHaveLength(2)
    expect(site.events).toEqual(['superseded'])
  })

  test('a rolling read of an ended id does not bar it for longer', async () => {
    const { cookie, id, store, pass } = await ended('logout', undefined, true)
    pass(5_000)
    await user.do('read', cookie)
    pass(5_000)
    expect(store.load(`koa:sess:${id}`)).toBe(undefined)
    expect((await user.do(late, cookie)).cookies).toHaveLength(2)
  })

  test('as long as the option says, and 0 turns them off', async () => {
    const short = await ended('logout', 500)
    short.pass(500)
    expect((await user.do(late, short.cookie)).cookies).toHaveLength(2)
    user.close()
    await site.close()
    const none = await ended('logout', 0)
    expect(none.store.size).toBe(0)
    expect((await user.do(late, none.cookie)).cookies).toHaveLength(2)
  })
})

describe('an old session that cannot be ended', () => {
  test('F4: the request fails, no new cookie is sent, the old session goes on, nothing is left over', async () => {
    const store = new MemoryStore()
    const faulty = new FaultyStore(store)
    await start({ store: faulty })
    await user.do('set:a:0')
    const { cookie } = user
    // The first replace ends the old session; the second one takes back the new session.
    faulty.fail('replace')
    const reply = await user.do('regenerate:a,set:user:ada')
    expect([reply.status, reply.cookies]).toEqual([500, []])
    expect(user.cookie).toBe(cookie)
    expect(await user.read()).toEqual({ a: '0' })
    expect(store.size).toBe(1)
  })
})

describe('events', () => {
  test('a write, a touch and a request that come too late are emitted', async () => {
    await start({ store: new MemoryStore() })
    await user.do('set:a:0')
    const { cookie } = user
    const writer = await user.start('g1', 'read,wait:g1,set:b:1')
    await user.do('logout')
    await writer.finish()
    await user.do('read', cookie)
    expect(site.events).toEqual(['gone', 'superseded'])
  })
})
