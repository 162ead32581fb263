import assert from 'node:assert/strict'
import { SMALL } from '../shared/sessions.mjs'
import { cookieOf, send } from './request.mjs'
import { BARE } from './setups.mjs'

/** Asserts that a variant stores sessions: a fast no-op must not get into the table. */
export async function checkVariant({ name, plain }) {
  if (name === BARE) return
  const ask = async (cookie, use) => {
    let seen
    plain.handler = (ctx) => {
      seen = use(ctx.session)
      ctx.body = 'ok'
    }
    return { response: await send(plain.callback, cookie), seen: () => seen }
  }
  const login = await ask(undefined, (session) => Object.assign(session, SMALL))
  const cookie = cookieOf(login.response)
  const user = (session) => session.user?.name
  const views = (session) => session.views
  assert.equal((await ask(cookie, user)).seen(), SMALL.user.name, `${name} reads what it stored`)
  await ask(cookie, (session) => {
    session.views = 1
  })
  assert.equal((await ask(cookie, views)).seen(), 1, `${name} stores a change`)
  const forged = cookie.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
  assert.equal((await ask(forged, user)).seen(), undefined, `${name} refuses a forged cookie`)
  assert.equal((await ask(undefined, user)).seen(), undefined, `${name} starts out empty`)
}

/** Asserts that a lane sends the expected body, and cookie and signature when its scenario says so. */
export async function checkLane(lane) {
  const { variant, scenario } = lane
  const { body, headers } = await lane.enter().send()
  const sent = headers['set-cookie'] ?? []
  const label = `${variant}, ${scenario.name}`
  assert.equal(body, scenario.body, `${label}: body`)
  assert.equal(
    sent.length,
    scenario.sends && variant !== BARE ? 2 : 0,
    `${label}: Set-Cookie lines`,
  )
  for (const line of sent) {
    for (const attribute of ['expires=', 'samesite=lax', 'httponly', 'path=/'])
      assert.ok(line.includes(`; ${attribute}`), `${label}: ${attribute}`)
  }
}
