import { createRequire } from 'node:module'
import expressSession from 'express-session'
import { MemoryStore } from 'koa-sess'
import { SMALL } from '../shared/sessions.mjs'

const DAY = 86_400_000
const GenericStore = createRequire(import.meta.url)('koa-generic-session/lib/memory_store.js')

const EXAMPLE = JSON.stringify(SMALL)

// A new object with new strings for each session, as each login creates one.
function session(index) {
  const data = JSON.parse(EXAMPLE)
  data.user.id = index
  return data
}

/** Each store puts a session under a key. `expire` ends all but one, which `use` reads. */
export const STORES = {
  'koa-sess': (size) => {
    let ahead = 0
    const now = () => Date.now() + ahead
    const store = new MemoryStore({ max: size + 1, maxBytes: Infinity, now })
    const put = (key, index) => store.create(key, JSON.stringify(session(index)), now() + DAY)
    put('survivor', 0)
    return {
      put,
      use: () => store.load('survivor'),
      expire: () => {
        ahead = 2 * DAY
        put('survivor', 0)
      },
      size: () => store.size - 1,
    }
  },
  'koa-generic-session': () => {
    const store = new GenericStore()
    return { put: (key, index) => store.set(key, session(index)), keep: store }
  },
  'express-session': () => {
    const store = new expressSession.MemoryStore()
    return { put: (key, index) => store.set(key, session(index)), keep: store }
  },
  'Map of JSON': () => {
    const map = new Map()
    return { put: (key, index) => map.set(key, JSON.stringify(session(index))), keep: map }
  },
}
