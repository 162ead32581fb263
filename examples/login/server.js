import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { Redis } from 'ioredis'
import { RedisStore } from 'koa-sess/redis'
import { createApp } from './app.js'

const { PORT = '3000', HOST = '127.0.0.1', REDIS_URL, STRICT = '1', TLS_PEM } = process.env
const GRACE_MS = 1000
const notes = []

const keys = secrets('SESSION_KEYS')
const sealKeys = STRICT === '0' ? undefined : secrets('SEAL_KEYS')

const redis = REDIS_URL ? await connect(REDIS_URL) : undefined
const store = redis && new RedisStore({ client: redis })
const { app, close } = createApp({ keys, sealKeys, store, storeName: redis ? 'Redis' : 'memory' })

const pem = TLS_PEM && readFileSync(TLS_PEM)
const server = pem
  ? createTlsServer({ key: pem, cert: pem }, app.callback())
  : createServer(app.callback())
server.once('error', (error) => fail(explain(error)))
server.listen(port(), HOST, () => {
  const name = HOST === '127.0.0.1' ? 'localhost' : HOST
  console.log(`Listening on ${pem ? 'https' : 'http'}://${name}:${server.address().port}`)
  for (const note of notes) console.log(note)
})

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop)

/** Answers pending requests, then closes everything, so that the process ends. */
function stop() {
  server.close(() => {
    close()
    store?.close()
    redis?.quit()
  })
  // Browsers keep unused connections open, which would delay the end.
  setTimeout(() => server.closeAllConnections(), GRACE_MS).unref()
}

function secrets(name) {
  const given = (process.env[name] ?? '').split(',').flatMap((key) => key.trim() || [])
  if (given.length > 0) return given
  notes.push(`${name} is not set: using a random key until this process ends.`)
  return [randomBytes(32).toString('base64url')]
}

async function connect(url) {
  const client = new Redis(url, { lazyConnect: true })
  let last = ''
  client.on('error', ({ message, code }) => {
    // Prints each problem once, not at every reconnect.
    const problem = message || code
    if (problem !== last) console.error(`Redis: ${problem}`)
    last = problem
  })
  client.on('ready', () => {
    last = ''
  })
  await client
    .connect()
    .catch(() => fail('Redis does not answer: correct REDIS_URL, or remove it.'))
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
