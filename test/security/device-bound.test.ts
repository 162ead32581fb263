import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { deviceBound } from '../../src/device-bound.js'
import { MemoryStore } from '../../src/index.js'
import { FaultyStore } from '../../src/testing.js'
import { Device, offered, type ProofChanges } from '../support/device.js'
import { Gate } from '../support/gate.js'
import { RUNS, TIMEOUT } from '../support/hostile/check.js'
import { deviceInputs } from '../support/hostile/device.js'
import { DeviceOracle } from '../support/oracle/device.js'
import { BASICS, KEYS, type Route, type Routes, type Site, serve } from '../support/site.js'

const START = 1_800_000_000_000
const BOUND = '__Host-koa.sid.device'
let time = START
const now = () => time
const sites: Site[] = []
afterEach(async () => {
  time = START
  for (const site of sites.splice(0)) await site.close()
})

const ROUTES: Routes = {
  ...BASICS,
  '/login': async (ctx) => {
    ctx.regenerateSession()
    ctx.session.user = 'ada'
    await ctx.bindDevice()
  },
  '/move': (ctx) => void ctx.regenerateSession(),
  '/assign': (ctx) => void Object.assign(ctx.session, { deviceBinding: null }),
}

async function bound(routes: Routes = {}) {
  const store = new FaultyStore(new MemoryStore({ now }))
  const site = await serve(
    { ...ROUTES, ...routes },
    { store, now, after: [deviceBound({ now, grace: 0 })] },
  )
  sites.push(site)
  const refused: string[] = []
  site.app.on('session:device:refused', ({ why }) => refused.push(why))
  const user = site.browser()
  const device = new Device(user)
  const login = await user.get('/login')
  expect((await device.register(login)).status).toBe(200)
  return { site, store, user, device, login, refused }
}

function copy(site: Site, jar: Map<string, string>, without: string[] = []) {
  const browser = site.browser()
  for (const [name, value] of jar) if (!without.includes(name)) browser.jar.set(name, value)
  return browser
}

describe('D1: a bound session serves the device that has its key', () => {
  test('not the session cookie alone', async () => {
    const { site, user } = await bound()
    expect((await copy(site, user.jar, [BOUND]).get('/read')).status).toBe(401)
    expect((await user.get('/read')).json()).toMatchObject({ user: 'ada' })
  })

  test('not all cookies, once maxAge has passed', async () => {
    const { site, user } = await bound()
    time += 600_000
    expect((await copy(site, user.jar).get('/read')).status).toBe(401)
  })

  test('not with the bound cookie of another session', async () => {
    const { site, user } = await bound()
    const other = site.browser()
    await new Device(other).register(await other.get('/login'))
    const mixed = copy(site, user.jar)
    mixed.jar.set(BOUND, other.jar.get(BOUND) ?? '')
    expect((await mixed.get('/read')).status).toBe(401)
  })

  test('a refused request reads once, and writes and extends nothing', async () => {
    const { site, store, user } = await bound()
    store.calls.length = 0
    await copy(site, user.jar, [BOUND]).get('/set')
    expect(store.calls.map(({ method }) => method)).toEqual(['load'])
  })
})

describe('D2: a proof is checked strictly', () => {
  test.each<[string, (device: Device) => ProofChanges]>([
    ['another key', () => ({ key: new Device(sites[0]?.browser() as never).privateKey })],
    ['no algorithm', () => ({ header: { alg: 'none' } })],
    ['the algorithm of another kind of key', () => ({ header: { alg: 'RS256' } })],
    [
      'a key of its own in the header',
      ({ privateKey: _ }) => {
        const other = new Device(sites[0]?.browser() as never)
        return { key: other.privateKey, header: { jwk: other.jwk } }
      },
    ],
    ['another type of token', () => ({ header: { typ: 'JWT' } })],
    ['a critical extension', () => ({ header: { crit: ['b64'], b64: false } })],
    ['another identifier', () => ({ claims: { sub: 'another' } })],
  ])('a refresh with %s is refused', async (_, changes) => {
    const { device } = await bound()
    expect((await device.refresh(changes(device))).status).toBe(401)
  })

  test('a MAC that the public key makes is no signature', async () => {
    const { user, device } = await bound()
    const [head, body] = device.prove(device.challenge, { header: { alg: 'HS256' } }).split('.')
    const mac = createHmac('sha256', JSON.stringify(device.jwk)).update(`${head}.${body}`)
    const reply = await user.post('/.koa-sess/device/refresh', {
      'Sec-Secure-Session-Id': device.id,
      'Secure-Session-Response': `${head}.${body}.${mac.digest('base64url')}`,
    })
    expect(reply.status).toBe(401)
  })

  test('a challenge holds for one session, one purpose, and twenty minutes', async () => {
    const { site, user, device, login } = await bound()
    const other = site.browser()
    const free = await other.get('/login')
    const answered = async (jti: string) => {
      device.challenge = jti
      return (await device.refresh()).status
    }
    expect(await answered(offered(login))).toBe(403)
    expect(await answered(offered(free))).toBe(403)
    expect((await new Device(other).register(login)).status).toBe(403)
    const { challenge } = device
    expect(await answered(challenge)).toBe(200)
    time += 1_200_000
    expect(await answered(challenge)).toBe(403)
    expect(user.jar.size).toBe(3)
  })
})

describe('D3: a session is bound once', () => {
  test('a second key is refused, with the same challenge or a new one', async () => {
    const { user, login, refused } = await bound()
    expect((await new Device(user).register(login)).status).toBe(403)
    expect(refused).toEqual(['registered'])
  })

  test.each(['/assign', '/move'])('%s does not undo the binding', async (path) => {
    const { site, user, device } = await bound()
    await user.get(path)
    expect((await copy(site, user.jar, [BOUND]).get('/read')).status).toBe(401)
    expect((await device.refresh()).status).toBe(200)
  })
})

describe('D3: a handler that saves by itself does not undo the binding', () => {
  test.each<[string, Route]>([
    [
      'a new object',
      (ctx) => {
        ctx.session = { user: 'ada' }
        return ctx.saveSession()
      },
    ],
    [
      'a deletion',
      (ctx) => {
        delete ctx.session.deviceBinding
        return ctx.session.save()
      },
    ],
    [
      'another key',
      (ctx) => {
        ctx.session.deviceBinding.key.x = 'A'.repeat(43)
        return ctx.saveSession()
      },
    ],
    [
      'a new id',
      async (ctx) => {
        await ctx.regenerateSession()
        ctx.session.user = 'ada'
        return ctx.saveSession()
      },
    ],
    [
      'a new id, and an object',
      (ctx) => {
        ctx.regenerateSession()
        ctx.session = { user: 'ada' }
        return ctx.saveSession()
      },
    ],
    [
      'an update that deletes it',
      (ctx) => ctx.updateSession((draft) => void delete draft.deviceBinding),
    ],
    [
      'an update of a new object',
      (ctx) => {
        ctx.session = {}
        return ctx.updateSession((draft) => void Object.assign(draft, { user: 'ada' }))
      },
    ],
    [
      'an update of a new id',
      (ctx) => {
        ctx.regenerateSession()
        return ctx.updateSession((draft) => void Object.assign(draft, { user: 'ada' }))
      },
    ],
  ])('%s', async (_, edit) => {
    const { site, store, user, device } = await bound({
      '/edit': async (ctx) => {
        ctx.sessionSave = false
        await edit(ctx)
      },
    })
    store.calls.length = 0
    expect((await user.get('/edit')).status).toBe(200)
    // Between two writes the session would be open, and a process that ends there leaves it so.
    expect(written(store)).not.toEqual([])
    for (const record of written(store)) expect(record).toContain(device.id)
    expect((await copy(site, user.jar, [BOUND]).get('/read')).status).toBe(401)
    expect((await device.refresh()).status).toBe(200)
    expect((await user.get('/read')).json()).toMatchObject({
      user: 'ada',
      deviceBinding: { key: device.jwk },
    })
  })

  test('an update that deletes it, over the writes of others', async () => {
    const gate = new Gate()
    const { site, user } = await bound({
      '/edit': (ctx) =>
        ctx.updateSession(async (draft) => {
          await gate.pass()
          delete draft.deviceBinding
        }),
    })
    const edit = user.get('/edit')
    await gate.arrived
    await user.get('/set')
    gate.open()
    expect((await edit).status).toBe(200)
    expect((await copy(site, user.jar, [BOUND]).get('/read')).status).toBe(401)
  })

  test('an update that began before the registration, and deletes every key', async () => {
    const gate = new Gate()
    const site = await serve(
      {
        ...ROUTES,
        '/edit': async (ctx) => {
          await gate.pass()
          await ctx.updateSession((draft) => {
            for (const key of Object.keys(draft)) delete draft[key]
          })
        },
      },
      { now, after: [deviceBound({ now, grace: 0 })] },
    )
    sites.push(site)
    const user = site.browser()
    const login = await user.get('/login')
    const edit = user.get('/edit')
    await gate.arrived
    expect((await new Device(user).register(login)).status).toBe(200)
    gate.open()
    expect((await edit).status).toBe(200)
    expect((await copy(site, user.jar, [BOUND]).get('/read')).status).toBe(401)
  })

  test('but a login is bound anew, saved before bindDevice() or after it', async () => {
    const { site, user } = await bound({
      '/saved': async (ctx) => {
        ctx.sessionSave = false
        await ctx.regenerateSession()
        ctx.session.user = 'grace'
        await ctx.saveSession()
        await ctx.bindDevice()
      },
      '/offered': async (ctx) => {
        ctx.sessionSave = false
        await ctx.bindDevice()
        await ctx.regenerateSession()
        ctx.session.user = 'ada'
        await ctx.saveSession()
      },
    })
    for (const path of ['/saved', '/offered']) {
      const login = await user.get(path)
      expect((await copy(site, user.jar, [BOUND]).get('/read')).status).toBe(200)
      expect((await new Device(user).register(login)).status).toBe(200)
      expect((await copy(site, user.jar, [BOUND]).get('/read')).status).toBe(401)
    }
  })
})

/** The records that a store was asked to write, or that a write expected. */
function written({ calls }: FaultyStore): string[] {
  return calls.flatMap(({ args }) => args.map(String).filter((text) => text.startsWith('{')))
}

test('D4: keys are derived for each purpose: no MAC serves for another', async () => {
  const { site, user, device } = await bound()
  const [end = '', mac = ''] = (user.jar.get(BOUND) ?? '').split('.')
  const [stretch = '', challengeMac = ''] = device.challenge.split('.')
  device.challenge = `${stretch}.${mac}`
  expect((await device.refresh()).status).toBe(403)
  const forged = copy(site, user.jar)
  forged.jar.set(BOUND, `${end}.${challengeMac}`)
  expect((await forged.get('/read')).status).toBe(401)
  const byAppKey = createHmac('sha256', KEYS[0] ?? '').update(`${device.id} ${end}`)
  forged.jar.set(BOUND, `${end}.${byAppKey.digest('base64url')}`)
  expect((await forged.get('/read')).status).toBe(401)
})

describe('D5: the binding ends with its session, and not with a failure of the store', () => {
  test('a logout ends it at the next refresh', async () => {
    const { user, device } = await bound()
    await user.get('/logout')
    expect((await device.refresh()).status).toBe(401)
  })

  test.each<[string, Route]>([
    [
      'a key after it',
      (ctx) => {
        ctx.session = null
        ctx.session.flash = 'bye'
      },
    ],
    [
      'an object after it',
      (ctx) => {
        ctx.session = null
        ctx.session = { flash: 'bye' }
      },
    ],
    [
      'a copy of the binding after it',
      (ctx) => {
        const { user: _, ...rest } = ctx.session
        ctx.session = null
        ctx.session = { ...rest, flash: 'bye' }
      },
    ],
    [
      'a new id after it',
      async (ctx) => {
        ctx.session = null
        await ctx.regenerateSession()
        ctx.session.flash = 'bye'
      },
    ],
    [
      'a key after destroy()',
      async (ctx) => {
        await ctx.session.destroy()
        ctx.session.flash = 'bye'
      },
    ],
    [
      'a copy after destroy() that is saved',
      async (ctx) => {
        ctx.sessionSave = false
        const { deviceBinding } = ctx.session
        await ctx.session.destroy()
        ctx.session = { deviceBinding, flash: 'bye' }
        await ctx.saveSession()
      },
    ],
    [
      'a new id before it',
      async (ctx) => {
        await ctx.regenerateSession()
        ctx.session = null
        ctx.session.flash = 'bye'
      },
    ],
  ])('a logout ends it, with %s', async (_, logout) => {
    const { user, device } = await bound({ '/out': async (ctx) => void (await logout(ctx)) })
    await user.get('/out')
    expect(user.jar.has(BOUND)).toBe(false)
    expect((await user.get('/read')).json()).toEqual({ flash: 'bye' })
    expect((await device.refresh()).status).toBe(401)
    // The next user of this browser binds a key of their own.
    expect((await new Device(user).register(await user.get('/login'))).status).toBe(200)
  })

  test('an expiry ends it at the next refresh', async () => {
    const { device } = await bound()
    time += 86_400_000
    expect((await device.refresh()).status).toBe(401)
  })

  test('a failing store answers 503', async () => {
    const { store, device } = await bound()
    store.fail('load', { times: Number.POSITIVE_INFINITY, error: new Error('connection lost') })
    expect([500, 503]).toContain((await device.refresh()).status)
    store.reset()
    expect((await device.refresh()).status).toBe(200)
  })
})

describe('D6: no header fails a request, or costs more than its size', () => {
  test('random headers and proofs: never a 5xx, no signature checked above the size', {
    timeout: TIMEOUT,
  }, async () => {
    const oracle = new DeviceOracle()
    await oracle.prepare()
    const property = fc.asyncProperty(deviceInputs(oracle.challenges), (input) =>
      oracle.check(input),
    )
    await fc.assert(property, { numRuns: RUNS })
  })
})
