// Prints how many bytes of each request outlast it until a full collection, over keep-alive connections.
// In a process of its own: beside other tests, V8 decides otherwise when it collects, and what is old. Run with:
// node --import ./bench/shared/typescript.mjs test/probes/requests.mjs
import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import Koa from 'koa'
import session, { MemoryStore } from '../../src/index.ts'

const CONNECTIONS = 32
const REQUESTS = 10_000

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

/** A store that answers later, as one over a network does. */
class SlowStore extends MemoryStore {
  async load(...args) {
    await turn()
    return super.load(...args)
  }
}

const app = new Koa()
app.use(session({ app, store: new SlowStore(), cookie: { signed: false } }))
app.use((ctx) => {
  ctx.session.user ??= 'ada'
  ctx.body = 'ok'
})
const server = app.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address()
const response = await fetch(`http://127.0.0.1:${port}`)
const [cookie] = response.headers.get('set-cookie').split(';')
const request = `GET / HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\n\r\n`

const sockets = Array.from({ length: CONNECTIONS }, () => connect(port, '127.0.0.1'))
await Promise.all(sockets.map((socket) => once(socket, 'connect')))

/** Sends the next request on each connection when the answer to the last one is there. */
async function serve(count) {
  let left = count
  await Promise.all(
    sockets.map(async (socket) => {
      while (left-- > 0) {
        socket.write(request)
        await once(socket, 'data')
      }
    }),
  )
  collect({ type: 'minor' })
}

await serve(2000)
collect()
const before = process.memoryUsage().heapUsed
await serve(REQUESTS)
console.log((process.memoryUsage().heapUsed - before) / REQUESTS)
process.exit()
