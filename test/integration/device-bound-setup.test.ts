import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import Keygrip from 'keygrip'
import Koa from 'koa'
import { afterEach, describe, expect, it } from 'vitest'
import { cookieSession } from '../../src/cookie.js'
import { type DeviceBoundOptions, deviceBound } from '../../src/device-bound.js'
import session, { type SessionError, type SessionOptions } from '../../src/index.js'
import { Browser } from '../support/browser.js'
import { Device, offered } from '../support/device.js'
import { KEYS, type Site, serve } from '../support/site.js'

const sites: Site[] = []
afterEach(async () => {
  for (const site of sites.splice(0)) await site.close()
})

const LOGIN = {
  '/app/login': async (ctx: Koa.Context) => {
    ctx.session.user = 'ada'
    await ctx.bindDevice()
  },
  '/app/user': (ctx: Koa.Context) => ctx.session.user,
}

async function start(
  options: SessionOptions<SessionData> & { keys?: Koa['keys'] } = {},
  device: DeviceBoundOptions = {},
) {
  const site = await serve(LOGIN, { ...options, after: [deviceBound(device)] })
  sites.push(site)
  return site
}

/** The code of the error that a request met. */
async function codeOf(site: Site, path = '/app/login'): Promise<string | undefined> {
  const { status } = await site.browser().get(path)
  expect(status).toBe(500)
  const [error] = site.errors as SessionError[]
  return error?.code
}

describe('an error says what is wrong with the options', () => {
  it.each<[DeviceBoundOptions | Record<string, unknown>, string]>([
    [{ pfad: '/x' }, 'ERR_SESSION_OPTION'],
    [{ path: 'device' }, 'ERR_SESSION_OPTION'],
    [{ path: '/device/' }, 'ERR_SESSION_OPTION'],
    [{ path: '/a"b' }, 'ERR_SESSION_OPTION'],
    [{ path: 7 }, 'ERR_SESSION_OPTION'],
    [{ onUnproved: 'ignore' }, 'ERR_SESSION_OPTION'],
    [{ now: 7 }, 'ERR_SESSION_OPTION'],
    [{ maxAge: '10m' }, 'ERR_SESSION_DURATION'],
    [{ maxAge: 1999 }, 'ERR_SESSION_DURATION'],
    [{ maxAge: 86_400_001 }, 'ERR_SESSION_DURATION'],
    [{ grace: -1 }, 'ERR_SESSION_DURATION'],
    [{ keys: [] }, 'ERR_SESSION_KEYS'],
    [{ keys: ['a short secret'] }, 'ERR_SESSION_KEYS'],
    [{ keys: 'a secret that is no array' }, 'ERR_SESSION_KEYS'],
  ])('%j: %s', (options, code) => {
    expect(() => Reflect.apply(deviceBound, undefined, [options])).toThrow(
      expect.objectContaining({ code }),
    )
  })
})

describe('an error says what is wrong with the application', () => {
  it('deviceBound above session', async () => {
    const app = new Koa()
    app.keys = KEYS
    const errors: SessionError[] = []
    app.on('error', (error) => errors.push(error))
    app.use(deviceBound())
    app.use(session())
    const server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const browser = new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    for (const _ of [1, 2]) expect((await browser.get('/')).status).toBe(500)
    browser.close()
    server.close()
    expect(errors.map(({ code }) => code)).toEqual(['ERR_SESSION_CONTEXT', 'ERR_SESSION_CONTEXT'])
    expect(errors[0]?.message).toContain('below session()')
  })

  it('sessions without a store', async () => {
    const app = new Koa()
    const errors: SessionError[] = []
    app.on('error', (error) => errors.push(error))
    app.use(cookieSession({ keys: ['a secret of thirty-two bytes or more'] }))
    app.use(deviceBound({ keys: KEYS }))
    const server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const browser = new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    expect((await browser.get('/')).status).toBe(500)
    browser.close()
    server.close()
    expect(errors[0]).toMatchObject({
      code: 'ERR_SESSION_CONTEXT',
      message: expect.stringContaining('needs sessions in a store'),
    })
  })

  it('a session cookie that other hosts get', async () => {
    expect(await codeOf(await start({ cookie: { domain: 'example.com' } }))).toBe(
      'ERR_SESSION_COOKIE',
    )
  })

  it('a session cookie that the path of the proofs does not get', async () => {
    const site = await start({ cookie: { path: '/app' } })
    expect(await codeOf(site)).toBe('ERR_SESSION_COOKIE')
  })

  it('keys that nothing can be derived from', async () => {
    const site = await start({ keys: new Keygrip(KEYS) })
    expect(await codeOf(site)).toBe('ERR_SESSION_KEYS')
    expect(site.errors[0]?.message).toContain('give deviceBound its own keys')
  })

  it('keys that are too short', async () => {
    expect(await codeOf(await start({ keys: ['thirteen byte'] }))).toBe('ERR_SESSION_KEYS')
  })
})

it('its own keys serve beside a Keygrip', async () => {
  const site = await start({ keys: new Keygrip(KEYS) }, { keys: ['a secret of its own for this'] })
  const user = site.browser()
  const device = new Device(user)
  expect((await device.register(await user.get('/app/login'))).status).toBe(200)
  expect((await device.refresh()).status).toBe(200)
})

it('a path inside of cookie.path serves, and requests outside of it have no session', async () => {
  const site = await start({ cookie: { path: '/app' } }, { path: '/app/device' })
  const user = site.browser()
  const device = new Device(user, 'ES256', '/app/device')
  expect((await device.register(await user.get('/app/login'))).status).toBe(200)
  expect((await device.refresh()).status).toBe(200)
  expect((await user.get('/elsewhere')).status).toBe(404)
})

it('the name of the bound cookie follows the one of the session', async () => {
  const site = await start({ key: 'sid' })
  const user = site.browser()
  const login = await user.get('/app/login')
  expect(offered(login)).not.toBe('')
  const reply = await new Device(user).register(login)
  expect(reply.cookies).toContainEqual(expect.stringMatching(/^__Host-sid\.device=/))
})
