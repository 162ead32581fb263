/** A session of so many bytes of JSON: a few short keys and a list of small objects, like a cart. */
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

export const NAME = SMALL.user.name

let count = 1

/** Handlers that work with every package. */
export const HANDLERS = {
  untouched(ctx) {
    ctx.body = 'ok'
  },
  read(ctx) {
    ctx.body = ctx.session.user.name
  },
  modify(ctx) {
    // Always six digits, so that the length of the record does not change.
    ctx.session.views = 100_000 + (count++ % 900_000)
    ctx.body = 'ok'
  },
  create(ctx) {
    Object.assign(ctx.session, SMALL)
    ctx.body = 'ok'
  },
}
