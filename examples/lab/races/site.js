// One package in a process of its own: node site.js koa-session. The lab calls it over IPC.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { play } from '../../../bench/races/steps.mjs'
import { answer } from '../../../bench/shared/child.mjs'
import { Gates } from './gates.js'
import { PACKAGES } from './packages.js'

const { REDIS_URL } = process.env
const [name] = process.argv.slice(2)
const { listener, keyOf, call = (store, method, key) => store[method](key) } = PACKAGES[name]

const { STORES } = REDIS_URL
  ? await import('./redis-stores.js')
  : await import('./memory-stores.js')
const store = await STORES[name](REDIS_URL)
const gates = new Gates()
const server = createServer(listener(store, (query, visit) => play(query, visit, gates)))
server.listen(0, '127.0.0.1')
await once(server, 'listening')

answer({
  origin: () => `http://127.0.0.1:${server.address().port}`,
  arrived: (gate) => gates.arrived(gate),
  open: (gate) => gates.open(gate),
  /** What the store holds for each id. */
  records: (ids) => Promise.all(ids.map((id) => call(store, 'get', keyOf(id)))),
  /** The lab leaves nothing in a Redis. */
  remove: (ids) => Promise.all(ids.map((id) => call(store, 'destroy', keyOf(id)))),
})
