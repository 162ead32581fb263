import { BARE } from './setups.mjs'

/** A session of so many bytes of JSON: a few short keys and a list of small objects, as carts are. */
function sessionOf(bytes) {
  const data = {
    user: { id: 4711, name: 'Ada Lovelace', roles: ['admin', 'editor'] },
    views: 100_000,
  }
  data.cart = []
  for (let id = 1; JSON.stringify(data).length < bytes - 60; id++)
    data.cart.push({ id, title: `Article ${id}`, price: 9.99, count: 1 })
  data.note = ''
  data.note = 'x'.repeat(bytes - JSON.stringify(data).length)
  return data
}

export const SMALL = sessionOf(300)
export const LARGE = sessionOf(10_240)

const NAME = SMALL.user.name
let count = 1

const untouched = (ctx) => {
  ctx.body = 'ok'
}
const read = (ctx) => {
  ctx.body = ctx.session.user.name
}
const modify = (ctx) => {
  // Always as many digits, so that the record stays as long as it was.
  ctx.session.views = 100_000 + (count++ % 900_000)
  ctx.body = 'ok'
}
const create = (ctx) => {
  Object.assign(ctx.session, SMALL)
  ctx.body = 'ok'
}
const bareRead = (ctx) => {
  ctx.body = NAME
}

/**
 * `session`: what the store holds under the cookie of the request; without one, it carries no
 * cookie. `sends`: whether the answer has to carry the cookie.
 */
export const SCENARIOS = [
  { name: 'untouched, no cookie', handler: untouched, body: 'ok', sends: false },
  { name: 'read', session: SMALL, handler: read, bare: bareRead, body: NAME, sends: false },
  { name: 'modify', session: SMALL, handler: modify, body: 'ok', sends: true },
  {
    name: 'rolling read',
    rolling: true,
    session: SMALL,
    handler: read,
    bare: bareRead,
    body: NAME,
    sends: true,
  },
  { name: 'new', handler: create, body: 'ok', sends: true },
  { name: 'read 10 KB', session: LARGE, handler: read, bare: bareRead, body: NAME, sends: false },
]

/** What the handler of a scenario does where there is no session. */
export function handlerFor(scenario, variant) {
  return variant === BARE ? (scenario.bare ?? untouched) : scenario.handler
}
