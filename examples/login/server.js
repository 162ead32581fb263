import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { Redis } from 'ioredis'
import { RedisStore } from 'koa-sess/redis'
import { createApp } from './app.js'

const { PORT = '3000', HOST = '127.0.0.1', REDIS_URL, SESSION_KEYS = '' } = process.env
const GRACE_MS = 1000

const keys = SESSION_KEYS.split(',').flatMap((key) => key.trim() || [])
const lasting = keys.length > 0
if (!lasting) keys.push(randomBytes(32).toString('base64url'))

const redis = REDIS_URL ? await connect(REDIS_URL) : undefined
const store = redis && new RedisStore({ client: redis })
const { app, close } = createApp({ keys, store, storeName: redis ? 'Redis' : 'memory' })

const server = createServer(app.callback())
server.once('error', (error) => fail(explain(error)))
server.listen(port(), HOST, () => {
  const name = HOST === '127.0.0.1' ? 'localhost' : HOST
  console.log(`Listening on http://${name}:${server.address().port}`)
  if (!lasting)
    console.log(
      'SESSION_KEYS is not set: a random key signs the cookies, for as long as this runs.',
    )
})

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop)

/** Requests under way are answered, then everything is closed, and the process ends by itself. */
function stop() {
  server.close(() => {
    close()
    store?.close()
    redis?.quit()
  })
  // Browsers open connections that they may never use.
  setTimeout(() => server.closeAllConnections(), GRACE_MS).unref()
}

async function connect(url) {
  const client = new Redis(url, { lazyConnect: true })
  let last = ''
  client.on('error', ({ message, code }) => {
    // Once for each kind of trouble, not for each of many attempts.
    const trouble = message || code
    if (trouble !== last) console.error(`Redis: ${trouble}`)
    last = trouble
  })
  client.on('ready', () => {
    last = ''
  })
  await client
    .connect()
    .catch(() => fail('Redis does not answer: see to REDIS_URL, or leave it out.'))
  return client
}

function port() {
  const number = Number(PORT)
  if (Number.isInteger(number) && number >= 0 && number < 65_536) return number
  return fail(`PORT is ${PORT}, and must be a number from 0 to 65535.`)
}

function explain({ code, message }) {
  if (code === 'EADDRINUSE') return `Port ${PORT} is in use: choose another one with PORT.`
  return `Cannot listen on ${HOST}, port ${PORT}: ${message}`
}

function fail(sentence) {
  console.error(sentence)
  process.exit(1)
}
