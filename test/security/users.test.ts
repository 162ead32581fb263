import { afterEach, expect, test } from 'vitest'
import { SessionError } from '../../src/index.js'
import type { Routes, Site, SiteOptions } from '../support/site.js'
import { listOf, loggedIn, serveUsers, userOf, users } from '../users/fixture.js'

let site: Site
afterEach(() => site?.close())

async function start(options: SiteOptions = {}, routes: Routes = {}): Promise<Site> {
  site = await serveUsers(options, routes)
  return site
}

const three = async () =>
  [await loggedIn(site), await loggedIn(site), await loggedIn(site)] as const

test('R3: a user sees the own sessions, and ends one, the others or all', async () => {
  await start()
  const [first, second, third] = await three()
  const stranger = await loggedIn(site, '/login?user=bob')
  const list = await listOf(third)
  expect(list.map(({ current }) => current)).toEqual([true, false, false])
  expect((await stranger.get(`/end?handle=${list[1]?.handle}`)).json()).toBe(false)
  expect((await third.get(`/end?handle=${list[1]?.handle}`)).json()).toBe(true)
  expect(await Promise.all([first, second, third].map(userOf))).toEqual(['ada', undefined, 'ada'])
  await third.get('/end-others')
  expect(await Promise.all([first, third].map(userOf))).toEqual([undefined, 'ada'])
  await third.get('/end-all')
  expect([await userOf(third), third.jar.size]).toEqual([undefined, 0])
  expect(await userOf(stranger)).toBe('bob')
})

test('R3: a handle is no id, and what is listed holds none', async () => {
  await start()
  const user = await loggedIn(site)
  const id = user.jar.get('koa.sid') ?? ''
  const [own] = await listOf(user)
  expect(JSON.stringify(own)).not.toContain(id)
  const thief = site.browser()
  for (const [name, value] of user.jar) thief.jar.set(name, value.replace(id, own?.handle ?? ''))
  expect(await userOf(thief)).toBe(undefined)
})

test('R5: a login above the limit ends the oldest session, or is refused', async () => {
  await start({ users: { ...users, max: 2 } })
  const browsers = await three()
  expect(await Promise.all(browsers.map(userOf))).toEqual([undefined, 'ada', 'ada'])
  await site.close()
  await start({ users: { ...users, max: 2, whenFull: 'refuse' } })
  const others = await three()
  expect(await Promise.all(others.map(userOf))).toEqual(['ada', 'ada', undefined])
})

test('R6: a disabled account has no session any more', async () => {
  await start()
  const browsers = await three()
  expect(await site.session.of('ada').endAll()).toBe(3)
  expect(await Promise.all(browsers.map(userOf))).toEqual([undefined, undefined, undefined])
})

test('R7: a password change ends other sessions, and logins that checked the old password', async () => {
  let password = 'old'
  await start(
    {},
    {
      '/slow-login': async (ctx) => {
        const checkpoint = await site.session.of('ada').checkpoint()
        const isRight = ctx.query.password === password
        // The other request changes the password while this one still hashes.
        await changing.get('/password')
        if (!isRight) return
        await ctx.regenerateSession({ checkpoint })
        ctx.session.user = 'ada'
      },
      '/password': async (ctx) => {
        password = 'new'
        await ctx.sessions.endOthers()
        await ctx.regenerateSession({ keep: ['user'] })
      },
    },
  )
  const [other, changing] = [await loggedIn(site), await loggedIn(site)]
  const late = site.browser()
  const reply = await late.get('/slow-login?password=old')
  expect([reply.status, late.jar.size]).toEqual([401, 0])
  expect(site.errors.at(-1)).toBeInstanceOf(SessionError)
  expect([await userOf(other), await userOf(changing)]).toEqual([undefined, 'ada'])
  expect(await listOf(changing)).toHaveLength(1)
})

test('R8: an administrator ends one session of a user, or all of them', async () => {
  await start()
  const [first, second, third] = await three()
  const sessions = site.session.of('ada')
  const [newest] = await sessions.list()
  expect(await sessions.end(newest?.handle ?? '')).toBe(true)
  expect(await Promise.all([first, second, third].map(userOf))).toEqual(['ada', 'ada', undefined])
  expect(await sessions.endAll()).toBe(2)
  expect(await sessions.list()).toEqual([])
})
