import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { deviceBound } from '../../src/device-bound.js'
import { MemoryStore } from '../../src/index.js'
import { FaultyStore } from '../../src/testing.js'
import { Device, offered, type ProofChanges } from '../support/device.js'
import { RUNS, TIMEOUT } from '../support/hostile/check.js'
import { deviceInputs } from '../support/hostile/device.js'
import { DeviceOracle } from '../support/oracle/device.js'
import { BASICS, KEYS, type Site, serve } from '../support/site.js'

const START = 1_800_000_000_000
const BOUND = '__Host-koa.sid.device'
let time = START
const now = () => time
const sites: Site[] = []
afterEach(async () => {
  time = START
  for (const site of sites.splice(0)) await site.close()
})

async function bound() {
  const store = new FaultyStore(new MemoryStore({ now }))
  const site = await serve(
    {
      ...BASICS,
      '/login': async (ctx) => {
        ctx.regenerateSession()
        ctx.session.user = 'ada'
        await ctx.bindDevice()
      },
      '/move': (ctx) => void ctx.regenerateSession(),
      '/assign': (ctx) => void Object.assign(ctx.session, { deviceBinding: null }),
    },
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
